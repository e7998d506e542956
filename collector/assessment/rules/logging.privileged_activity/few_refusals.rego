# METADATA
# title: Few attempts to use rights are refused
# description: No account was refused more often on one day than the limit.
# custom:
#   id: logging.privileged_activity.few_refusals
#   kind: logging.privileged_activity
#   controls:
#   - id: A.8.15
#     relation: context
#   - id: A.8.16
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Many refusals are somebody who guesses, or a job that has been broken for weeks.
#   fix: Look at the records of that day; lock the account, block the source, or mend the job.
#   parameters:
#     max_a_day: 50
#   limits:
#     max_a_day: [0, 100000]
package exhibit.logging.privileged_activity.few_refusals

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

message := "no account was refused often" if verdict == "pass"

message := "accounts were refused often" if verdict == "fail"

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
	is_number(entry.failed)
	entry.failed > input.parameters.max_a_day
	id := sprintf("%v %v", [
		say.field(entry, "account", "unknown"),
		say.field(entry, "day", "unknown"),
	])
	why := sprintf("was refused %d times (%v, by %v)", [
		say.field(entry, "failed", "unknown"),
		say.field(entry, "action", "unknown"),
		say.field(entry, "source", "unknown"),
	])
}
