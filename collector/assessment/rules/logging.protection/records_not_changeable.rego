# METADATA
# title: Records cannot be changed by everybody
# description: No place of records may be changed by every account.
# custom:
#   id: logging.protection.records_not_changeable
#   kind: logging.protection
#   controls:
#   - id: A.8.15
#     relation: direct
#   - id: A.5.28
#     relation: supporting
#   - id: A.5.33
#     relation: supporting
#   severity: critical
#   freshness: 48
#   why: Records that everybody may change prove nothing.
#   fix: Take the writing right from others with chmod o-w and look at who used it.
package exhibit.logging.protection.records_not_changeable

import data.exhibit.lib.say

# Direct on A.8.15: records are to be protected against change, and the rights on their places are
# that protection.

default verdict := "error"

default message := "who may change some place of records could not be determined"

verdict := "not_applicable" if not_applicable

verdict := "fail" if {
	not not_applicable
	count(items) > 0
}

verdict := "pass" if {
	not not_applicable
	judgeable
	count(items) == 0
}

message := "no place of records is known here" if verdict == "not_applicable"

message := "no place of records may be changed by everybody" if verdict == "pass"

message := "places of records may be changed by everybody" if verdict == "fail"

not_applicable if {
	is_array(input.body.stores)
	count(input.body.stores) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.stores)
	every store in input.body.stores {
		store.writable_by in ["owner", "group"]
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.stores)
	some store in input.body.stores
	store.writable_by == "everyone"
	id := store.path
	why := sprintf("may be changed by everybody, mode %v", [say.field(store, "mode", "unknown")])
}
