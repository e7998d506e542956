# METADATA
# title: Backups are as recent as planned
# description: Where a target is set, the newest backup was not older than it when the test began.
# custom:
#   id: continuity.tests.within_recovery_point
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
#   why: What was written since the newest backup is lost; a plan says how much of that is bearable.
#   fix: Make backups more often, or agree on a larger loss with those who rely on it.
package exhibit.continuity.tests.within_recovery_point

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

message := "every backup was within its target age" if verdict == "pass"

message := "backups were older than planned" if verdict == "fail"

not_applicable if {
	is_array(input.body.tests)
	every trial in input.body.tests {
		trial.recovery_point.target_seconds == null
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	count(input.body.tests) > 0
	is_array(input.body.tests)
	every trial in input.body.tests {
		known(trial.recovery_point)
	}
}

known(objective) if objective.target_seconds == null

known(objective) if {
	is_number(objective.target_seconds)
	is_number(objective.achieved_seconds)
}

items contains {"id": trial.name, "why": "its newest backup was older than the target"} if {
	is_array(input.body.tests)
	some trial in input.body.tests
	is_number(trial.recovery_point.target_seconds)
	is_number(trial.recovery_point.achieved_seconds)
	trial.recovery_point.achieved_seconds > trial.recovery_point.target_seconds
}
