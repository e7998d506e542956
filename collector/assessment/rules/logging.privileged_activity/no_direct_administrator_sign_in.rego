# METADATA
# title: Nobody signs in as the administrator itself
# description: No session from outside began as the administrator itself within the window.
# custom:
#   id: logging.privileged_activity.no_direct_administrator_sign_in
#   kind: logging.privileged_activity
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.15
#     relation: context
#   - id: A.5.16
#     relation: context
#   severity: medium
#   freshness: 48
#   why: A session of the administrator names nobody, and everything that follows is nobody’s
#     deed.
#   fix: Sign in by name and step up; forbid PermitRootLogin once everybody can.
#   parameters:
#     max_a_day: 0
#     sources_left_out: []
#   limits:
#     max_a_day: [0, 1000]
package exhibit.logging.privileged_activity.no_direct_administrator_sign_in

import data.exhibit.lib.say

default verdict := "error"

default message := "not every source of records could be read to its end"

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

message := "no source of such records is known here" if verdict == "not_applicable"

message := "nobody signed in as the administrator itself" if verdict == "pass"

message := "sessions began as the administrator itself" if verdict == "fail"

not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.activity)
	is_array(input.body.sources)
	every source in input.body.sources {
		source.read == true
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.activity)
	some entry in input.body.activity
	entry.action == "root_sign_in"
	entry.succeeded > input.parameters.max_a_day
	not entry.source in input.parameters.sources_left_out
	id := sprintf("%v %v", [
		say.field(entry, "day", "unknown"),
		say.field(entry, "source", "unknown"),
	])
	why := sprintf("%d sessions as %v", [
		say.field(entry, "succeeded", "unknown"),
		say.field(entry, "account", "unknown"),
	])
}
