# METADATA
# title: Programs that run were delivered
# description: No program runs that no package brought, named places excepted; programs of
#   containers are left out.
# custom:
#   id: software.install_control.running_programs_delivered
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.7
#     relation: supporting
#   - id: A.8.18
#     relation: context
#   severity: medium
#   freshness: 48
#   why: What nobody delivered gets no updates and is how malware runs.
#   fix: Package the program, or name its place as an exception together with who keeps it
#     current.
#   parameters:
#     judged: true
#     exceptions: []
package exhibit.software.install_control.running_programs_delivered

default verdict := "error"

default message := "the programs that run could not all be seen"

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

message := "running programs are not judged here, by the rule pack" if verdict == "not_applicable"

message := "every program that runs was delivered by a package" if verdict == "pass"

message := "programs run that no package brought" if verdict == "fail"

not_applicable if {
	input.parameters.judged == false
	is_array(input.body.running)
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.running)
	input.body.running_complete == true
	every program in input.body.running {
		program.state in ["unowned", "deleted", "foreign"]
	}
}

items contains {"id": id, "why": why} if {
	input.parameters.judged == true
	is_array(input.body.running)
	some program in input.body.running
	program.state == "unowned"
	not excepted(program)
	id := program.path
	why := sprintf("runs as %v and belongs to no package", [concat(", ", program.users)])
}

excepted(program) if {
	some place in input.parameters.exceptions
	program.path == place
}

excepted(program) if {
	some place in input.parameters.exceptions
	startswith(program.path, concat("", [trim_right(place, "/"), "/"]))
}
