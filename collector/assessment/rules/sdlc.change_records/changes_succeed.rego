# METADATA
# title: Changes end well
# description: No change within the window was broken off or rolled back.
# custom:
#   id: sdlc.change_records.changes_succeed
#   kind: sdlc.change_records
#   controls:
#   - id: A.8.32
#     relation: supporting
#   severity: low
#   freshness: 168
#   capture: true
#   why: A change that broke off leaves something that nobody planned.
#   fix: Find out what state it left, finish it or take it back, and write down why it failed.
package exhibit.sdlc.change_records.changes_succeed

import data.exhibit.lib.say

default verdict := "error"

default message := "the records of changes could not be read whole"

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

message := "no change is recorded in the window" if verdict == "not_applicable"

message := "no recorded change failed" if verdict == "pass"

message := "changes failed" if verdict == "fail"

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
		change.result in ["success", "unknown"]
	}
}

items contains {"id": id, "why": why} if {
	some change in judged
	change.result == "failure"
	id := sprintf("%v %v", [
		say.field(change, "source", "unknown"),
		say.field(change, "id", "unknown"),
	])
	why := sprintf("%v on %v failed", [
		say.field(change, "summary", "unknown"),
		say.field(change, "at", "unknown"),
	])
}

judged contains change if {
	is_array(input.body.changes)
	some change in input.body.changes
	change.id
}
