# METADATA
# title: The declared state could be brought about
# description: No run of a program that manages the configuration ended with a failure.
# custom:
#   id: config.desired_state.runs_succeed
#   kind: config.desired_state
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.32
#     relation: context
#   severity: medium
#   freshness: 48
#   why: What could not be brought about is not as it was declared, and the page that shows the
#     declaration is wrong.
#   fix: Read the report of the last run and mend the declared state or the machine.
package exhibit.config.desired_state.runs_succeed

import data.exhibit.lib.say

default verdict := "error"

default message := "how the last run ended is not recorded"

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

message := "no program manages the configuration here" if verdict == "not_applicable"

message := "the last runs brought the declared state about" if verdict == "pass"

message := "the last run could not bring everything about" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	count(input.body.managers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	every manager in input.body.managers {
		manager.last_result in ["unchanged", "changed"]
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	broken(manager)
	id := manager.name
	why := sprintf("could not bring about %v of %v", [
		say.field(manager, "failed", "an unknown number"),
		say.field(manager, "total", "an unknown number"),
	])
}

broken(manager) if manager.last_result == "failed"

broken(manager) if {
	is_number(manager.failed)
	manager.failed > 0
}
