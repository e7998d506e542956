# METADATA
# title: A restore was tested
# description: A successful restore test of some repository is not older than the limit.
# custom:
#   id: backup.jobs.restore_tested
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: context
#   - id: A.5.30
#     relation: context
#   severity: medium
#   freshness: 720
#   clock: true
#   why: Only a restore shows that a backup is one.
#   fix: Restore a sample to another place, compare it, and record the test.
#   parameters:
#     max_days: 365
package exhibit.backup.jobs.restore_tested

import data.exhibit.lib.age

default verdict := "error"

default message := "the list of restore tests is missing"

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

message := "no backup repository is known here" if verdict == "not_applicable"

message := "a restore was tested lately" if verdict == "pass"

message := "no restore was tested lately" if verdict == "fail"

not_applicable if {
	is_array(input.body.repositories)
	count(input.body.repositories) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if count(lately) > 0

items contains {"id": "restore_tests", "why": "no successful restore test within the limit is recorded here"} if {
	is_array(input.body.restore_tests)
	count(lately) == 0
}

lately contains trial.repository if {
	is_array(input.body.restore_tests)
	some trial in input.body.restore_tests
	trial.result == "success"
	age.hours(trial.time, input.now) <= input.parameters.max_days * 24
}
