# METADATA
# title: The configuration is brought about by a program
# description: A program that runs, is started by schedule or has run brings the target into a declared
#   state, or the target starts from an image.
# custom:
#   id: config.desired_state.state_is_declared
#   kind: config.desired_state
#   controls:
#   - id: A.8.9
#     relation: direct
#   - id: A.8.32
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Settings that are made by hand drift apart, and nobody can say how a machine ought to
#     look.
#   fix: Manage the machine with Ansible, Puppet, Salt or the like, or build it from an image;
#     where that is not wanted, set required to false.
#   parameters:
#     required: true
package exhibit.config.desired_state.state_is_declared

# Direct on A.8.9: settings that are declared and enforced by a program are managed configuration
# itself; whether they are good ones is for other rules.

default verdict := "error"

default message := "what manages the configuration could not be read"

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

message := "no managed configuration is required here, by the rule pack" if verdict == "not_applicable"

message := "the configuration is brought about by a program or an image" if verdict == "pass"

message := "nothing is known that brings the configuration about" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	is_array(input.body.managers)
	count(input.body.managers) == 0
	input.body.image == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	declared
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.managers)
	count(input.body.managers) == 0
	input.body.image == null
	id := "configuration"
	why := "no program and no image is known that declares it"
}

items contains {"id": manager.name, "why": "is installed, has never run here, and nothing starts it"} if {
	input.parameters.required == true
	input.body.image == null
	is_array(input.body.managers)
	every other in input.body.managers {
		idle(other)
	}
	some manager in input.body.managers
}

declared if {
	is_array(input.body.managers)
	some manager in input.body.managers
	at_work(manager)
}

declared if is_object(input.body.image)

at_work(manager) if manager.active == true

at_work(manager) if count(manager.scheduled_by) > 0

at_work(manager) if is_string(manager.last_run)

# Known to do nothing: a program that was installed declares nothing yet.
idle(manager) if {
	manager.active == false
	count(manager.scheduled_by) == 0
	manager.last_run == null
}
