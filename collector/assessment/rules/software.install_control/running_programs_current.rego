# METADATA
# title: Programs that run are the installed ones
# description: No program runs whose file was replaced or removed since it was started.
# custom:
#   id: software.install_control.running_programs_current
#   kind: software.install_control
#   controls:
#   - id: A.8.8
#     relation: context
#   - id: A.8.19
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: An update helps only once the old program is stopped; a program without a file may also
#     be one that hides.
#   fix: Restart the program or the machine; look closely at one that no update explains.
#   parameters:
#     judged: true
#     exceptions: []
package exhibit.software.install_control.running_programs_current

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

message := "every program runs from the file that is installed" if verdict == "pass"

message := "programs run whose file is gone or was replaced" if verdict == "fail"

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
	program.state == "deleted"
	not program.path in input.parameters.exceptions
	id := program.path
	why := sprintf("runs as %v; its file is gone or was replaced since it was started", [
		concat(", ", program.users),
	])
}
