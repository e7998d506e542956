# METADATA
# title: The declared state is applied regularly
# description: Every program that manages the configuration ran within the limit.
# custom:
#   id: config.desired_state.runs_happen
#   kind: config.desired_state
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.32
#     relation: context
#   severity: medium
#   freshness: 48
#   clock: true
#   why: A state that nobody applies is a wish, and drift stays until somebody looks.
#   fix: Start the agent or its timer again, and read its log for the first run that failed.
#   parameters:
#     max_hours: 26
#   limits:
#     max_hours: [1, 8760]
package exhibit.config.desired_state.runs_happen

import data.exhibit.lib.age

default verdict := "error"

default message := "no last run is recorded for a program that manages the configuration, or it lies in the future"

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

message := "every program that manages the configuration ran lately" if verdict == "pass"

message := "a program that manages the configuration has not run lately" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	count(input.body.managers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	every manager in input.body.managers {
		age.since(manager.last_run, input.now) <= input.parameters.max_hours
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	hours := age.since(manager.last_run, input.now)
	hours > input.parameters.max_hours
	id := manager.name
	why := sprintf("last ran %d hours ago", [floor(hours)])
}
