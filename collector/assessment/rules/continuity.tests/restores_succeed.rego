# METADATA
# title: What was restored came back whole
# description: Each restore, failover or exercise that took place ended well.
# custom:
#   id: continuity.tests.restores_succeed
#   kind: continuity.tests
#   controls:
#   - id: A.8.13
#     relation: direct
#   - id: A.5.30
#     relation: supporting
#   - id: A.5.29
#     relation: context
#   severity: critical
#   freshness: 2232
#   why: A backup that does not come back is found out at the worst moment.
#   fix: Look at the named files, check the repository with its tool, and make a new backup if it is damaged.
package exhibit.continuity.tests.restores_succeed

# Direct on A.8.13: backups are to be tested, and this is the outcome of the tests. Supporting on
# A.5.30, whose plan is not seen here.

default verdict := "error"

default message := "the result of some test is missing"

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

message := "every test ended well" if verdict == "pass"

message := "tests failed" if verdict == "fail"

not_applicable if {
	is_array(input.body.tests)
	count(input.body.tests) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.tests)
	every trial in input.body.tests {
		trial.result == "success"
	}
}

items contains {"id": trial.name, "why": why(trial)} if {
	is_array(input.body.tests)
	some trial in input.body.tests
	trial.result == "failure"
}

why(trial) := trial.error if is_string(trial.error)

why(trial) := "failed" if not is_string(trial.error)
