# METADATA
# title: Changes follow a request
# description: Every change by people to code or to what is deployed belongs to a request.
# custom:
#   id: sdlc.change_records.changes_are_requested
#   kind: sdlc.change_records
#   controls:
#   - id: A.8.32
#     relation: direct
#   - id: A.5.37
#     relation: context
#   severity: medium
#   freshness: 168
#   capture: true
#   why: Without a request nobody asked what the change is for and what it may break.
#   fix: Name the request in each change, and let the pipeline refuse a change without one.
#   parameters:
#     kinds: ["code", "deployment"]
package exhibit.sdlc.change_records.changes_are_requested

import data.exhibit.lib.say

# Direct on A.8.32: a change that names its request went through change management; this observes
# it change by change.

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

message := "no change by people to code or what is deployed is recorded" if verdict == "not_applicable"

message := "every change by people belongs to a request" if verdict == "pass"

message := "changes belong to no request" if verdict == "fail"

not_applicable if {
	is_array(input.body.changes)
	is_array(input.body.sources)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.changes)
	not input.capture.truncated == true
	every source in used {
		source.complete == true
	}
	every change in judged {
		is_string(change.ticket)
		trim_space(change.ticket) != ""
	}
}

items contains {"id": id, "why": why} if {
	some change in judged
	unasked(change)
	id := sprintf("%v %v", [
		say.field(change, "source", "unknown"),
		say.field(change, "id", "unknown"),
	])
	why := sprintf("%v by %v names no request", [
		say.field(change, "summary", "unknown"),
		say.field(change, "actor", "unknown"),
	])
}

unasked(change) if change.ticket == null

unasked(change) if trim_space(change.ticket) == ""

judged contains change if {
	is_array(input.body.changes)
	some change in input.body.changes
	change.kind in input.parameters.kinds
	not change.automatic == true
}

# What a source no longer holds, or a list that was cut short, may be what offends.
used contains source if {
	is_array(input.body.sources)
	some source in input.body.sources
	some change in judged
	change.source == source.name
}
