# METADATA
# title: What manages the configuration is at work
# description: Every such program runs or is started by schedule, starts with the system, and does
#   more than report.
# custom:
#   id: config.desired_state.managers_work
#   kind: config.desired_state
#   controls:
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A stopped agent looks like a quiet one until the next audit.
#   fix: Enable and start the agent, or its timer, and leave the mode that only reports.
package exhibit.config.desired_state.managers_work

default verdict := "error"

default message := "whether a program that manages the configuration is at work could not be determined"

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

message := "every program that manages the configuration is at work" if verdict == "pass"

message := "a program that manages the configuration is not at work" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	count(input.body.managers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	every manager in input.body.managers {
		works(manager)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	manager.active == false
	count(manager.scheduled_by) == 0
	id := manager.name
	why := "its agent does not run and nothing starts it"
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	manager.enabled == false
	count(manager.scheduled_by) == 0
	id := manager.name
	why := "it does not start with the system and nothing else starts it"
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	manager.no_operation == true
	id := manager.name
	why := "it reports only and changes nothing"
}

works(manager) if manager.active == true

works(manager) if count(manager.scheduled_by) > 0
