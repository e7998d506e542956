# METADATA
# title: Changes name who made them
# description: Every change that no service made by itself names a person.
# custom:
#   id: sdlc.change_records.changes_name_somebody
#   kind: sdlc.change_records
#   controls:
#   - id: A.8.32
#     relation: supporting
#   - id: A.8.19
#     relation: context
#   severity: low
#   freshness: 168
#   capture: true
#   why: A change without a name cannot be asked about.
#   fix: Make changes by name with sudo, or through a pipeline that records who started it.
package exhibit.sdlc.change_records.changes_name_somebody

import data.exhibit.lib.say

default verdict := "error"

default message := "the records of changes could not be read whole, or whether a service made one is not recorded"

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

message := "no change by people is recorded in the window" if verdict == "not_applicable"

message := "every recorded change by people names somebody" if verdict == "pass"

message := "changes name nobody" if verdict == "fail"

not_applicable if {
	is_array(input.body.changes)
	is_array(input.body.sources)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.changes)
	not input.capture.truncated == true
	every change in judged {
		is_string(change.actor)
	}
}

items contains {"id": id, "why": why} if {
	some change in judged
	change.automatic == false
	change.actor == null
	id := sprintf("%v %v", [
		say.field(change, "source", "unknown"),
		say.field(change, "id", "unknown"),
	])
	why := sprintf("%v on %v names nobody", [
		say.field(change, "summary", "unknown"),
		say.field(change, "at", "unknown"),
	])
}

judged contains change if {
	is_array(input.body.changes)
	some change in input.body.changes
	not change.automatic == true
}
