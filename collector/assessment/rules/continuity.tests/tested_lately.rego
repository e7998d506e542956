# METADATA
# title: A recovery was tested lately
# description: A test that ended well is not older than the limit.
# custom:
#   id: continuity.tests.tested_lately
#   kind: continuity.tests
#   controls:
#   - id: A.8.13
#     relation: supporting
#   - id: A.5.30
#     relation: supporting
#   - id: A.5.29
#     relation: context
#   severity: medium
#   freshness: 2232
#   clock: true
#   why: Only a restore shows that a backup is one, and only of the time it was made.
#   fix: Let the backup plugin restore a sample on a schedule of its own, or mend what makes its tests fail.
#   parameters:
#     max_days: 92
#   limits:
#     max_days: [1, 1100]
package exhibit.continuity.tests.tested_lately

import data.exhibit.lib.age

default verdict := "error"

default message := "the times of the tests are missing, or lie in the future"

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

message := "no test is known here" if verdict == "not_applicable"

message := "a recovery was tested lately" if verdict == "pass"

message := "no recovery was tested with success lately" if verdict == "fail"

not_applicable if {
	is_array(input.body.tests)
	count(input.body.tests) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if count(lately) > 0

items contains {"id": subject, "why": "no successful test within the limit"} if {
	count(lately) == 0
	all_dated
	some trial in input.body.tests
	subject := trial.subject
}

all_dated if {
	is_array(input.body.tests)
	every trial in input.body.tests {
		is_number(age.since(trial.time, input.now))
		trial.result in {"success", "failure"}
	}
}

lately contains trial.subject if {
	is_array(input.body.tests)
	some trial in input.body.tests
	trial.result == "success"
	age.since(trial.time, input.now) <= input.parameters.max_days * 24
}
