# METADATA
# title: Somebody else approved the change
# description: Every change by people to code or what is deployed was approved by another person
#   than who made it.
# custom:
#   id: sdlc.change_records.changes_are_approved
#   kind: sdlc.change_records
#   controls:
#   - id: A.8.32
#     relation: direct
#   - id: A.5.3
#     relation: supporting
#   - id: A.8.25
#     relation: supporting
#   severity: high
#   freshness: 168
#   capture: true
#   why: One person alone can slip in by mistake, or on purpose, what two would have seen.
#   fix: Demand a review by another person before a change is merged or deployed.
#   parameters:
#     kinds: ["code", "deployment"]
#     min_others: 1
#   limits:
#     min_others: [1, 10]
package exhibit.sdlc.change_records.changes_are_approved

import data.exhibit.lib.say

# Direct on A.8.32: the approval by a second person is change management itself, observed change
# by change.

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

message := "somebody else approved every change" if verdict == "pass"

message := "changes were approved by nobody else" if verdict == "fail"

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
		is_array(change.approved_by)
		is_string(change.actor)
	}
}

items contains {"id": id, "why": why} if {
	some change in judged
	is_array(change.approved_by)
	others := {person | some person in change.approved_by; not same(person, change.actor)}
	count(others) < input.parameters.min_others
	id := sprintf("%v %v", [
		say.field(change, "source", "unknown"),
		say.field(change, "id", "unknown"),
	])
	why := sprintf("%v by %v was approved by %d others", [
		say.field(change, "summary", "unknown"),
		say.field(change, "actor", "unknown"),
		count(others),
	])
}

# Names of accounts are the same in capitals.
same(person, actor) if lower(person) == lower(actor)

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
