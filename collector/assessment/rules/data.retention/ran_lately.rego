# METADATA
# title: Deletion ran lately
# description: Everything that carries rules of retention out and records its runs ran within the
#   limit.
# custom:
#   id: data.retention.ran_lately
#   kind: data.retention
#   controls:
#   - id: A.8.10
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   severity: medium
#   freshness: 168
#   clock: true
#   why: A deletion that stopped is noticed when the disk is full, or by the person whose data
#     should be gone.
#   fix: Start it by hand, read why it stopped, and enable its timer.
#   parameters:
#     max_days: 8
#   limits:
#     max_days: [1, 366]
package exhibit.data.retention.ran_lately

import data.exhibit.lib.age

default verdict := "error"

default message := "the day of the last run could not be read, or lies in the future"

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

message := "nothing that records its runs deletes here" if verdict == "not_applicable"

message := "what deletes ran lately" if verdict == "pass"

message := "what deletes has not run lately" if verdict == "fail"

not_applicable if {
	is_array(input.body.mechanisms)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.mechanisms)
	every mechanism in judged {
		age.days(mechanism.last_run, input.now) <= input.parameters.max_days
	}
}

items contains {"id": id, "why": why} if {
	some mechanism in judged
	days := age.days(mechanism.last_run, input.now)
	days > input.parameters.max_days
	id := mechanism.name
	why := sprintf("last ran %d days ago", [floor(days)])
}

used contains mechanism if {
	is_array(input.body.mechanisms)
	some mechanism in input.body.mechanisms
	is_array(input.body.rules)
	some rule in input.body.rules
	rule.mechanism == mechanism.name
}

judged contains mechanism if {
	some mechanism in used
	is_string(mechanism.last_run)
}
