# METADATA
# title: Security records are closed to everybody
# description: No record of security or audit may be read by every account.
# custom:
#   id: logging.protection.security_records_not_open
#   kind: logging.protection
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.5.33
#     relation: supporting
#   - id: A.8.3
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Records of sign-ins tell an intruder who is there, and now and then hold a password that
#     was typed as a name.
#   fix: Set mode 0640 and a group for those who read records.
#   parameters:
#     kinds: ["security", "audit"]
package exhibit.logging.protection.security_records_not_open

import data.exhibit.lib.say

default verdict := "error"

default message := "who may read some security records could not be determined"

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

message := "no place of security records is known here" if verdict == "not_applicable"

message := "security records are closed to everybody" if verdict == "pass"

message := "security records may be read by everybody" if verdict == "fail"

not_applicable if {
	is_array(input.body.stores)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.stores)
	every store in judged {
		store.readable_by in ["owner", "group"]
	}
}

items contains {"id": id, "why": why} if {
	some store in judged
	store.readable_by == "everyone"
	id := store.path
	why := sprintf("may be read by everybody, mode %v", [say.field(store, "mode", "unknown")])
}

judged contains store if {
	is_array(input.body.stores)
	some store in input.body.stores
	store.kind in input.parameters.kinds
}
