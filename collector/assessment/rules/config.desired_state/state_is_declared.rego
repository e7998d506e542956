# METADATA
# title: The configuration is brought about by a program
# description: A program brings the target into a declared state, or it starts from an image.
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

declared if count(input.body.managers) > 0

declared if is_object(input.body.image)
