# METADATA
# title: Recovery is as fast as planned
# description: Where a target is set, the test came back within it; a sample speaks of the sample.
# custom:
#   id: continuity.tests.within_recovery_time
#   kind: continuity.tests
#   controls:
#   - id: A.5.30
#     relation: direct
#   - id: A.8.13
#     relation: supporting
#   - id: A.5.29
#     relation: context
#   severity: medium
#   freshness: 2232
#   why: A plan promises a time to the business; only a measured one shows whether it holds.
#   fix: Make the restore faster (nearer storage, smaller sets), or agree on a longer time with those who rely on it.
package exhibit.continuity.tests.within_recovery_time

# Direct on A.5.30: readiness is tested against the objectives of continuity, and this is that
# comparison.

default verdict := "error"

default message := "what was reached is missing for some target"

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

message := "no test has a target" if verdict == "not_applicable"

message := "every recovery was within its target time" if verdict == "pass"

message := "recoveries took longer than planned" if verdict == "fail"

not_applicable if {
	is_array(input.body.tests)
	every trial in input.body.tests {
		trial.recovery_time.target_seconds == null
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	count(input.body.tests) > 0
	is_array(input.body.tests)
	every trial in input.body.tests {
		known(trial.recovery_time)
	}
}

known(objective) if objective.target_seconds == null

known(objective) if {
	is_number(objective.target_seconds)
	is_number(objective.achieved_seconds)
}

items contains {"id": trial.name, "why": "took longer than its target"} if {
	is_array(input.body.tests)
	some trial in input.body.tests
	is_number(trial.recovery_time.target_seconds)
	is_number(trial.recovery_time.achieved_seconds)
	trial.recovery_time.achieved_seconds > trial.recovery_time.target_seconds
}
