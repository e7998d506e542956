# METADATA
# title: Programs run with the libraries that are installed
# description: No program still runs with a library whose file an update replaced; programs
#   named in the parameters may.
# custom:
#   id: patch.status.programs_restarted
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: An update of a library protects nobody until what uses it was started anew.
#   fix: Restart the named services, or the host.
#   parameters:
#     exceptions: []
package exhibit.patch.status.programs_restarted

import data.exhibit.lib.say

default verdict := "error"

default message := "which programs run with replaced libraries could not be determined"

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

message := "this target has no programs of its own" if verdict == "not_applicable"

message := "every program runs with the libraries that are installed" if verdict == "pass"

message := "programs run with libraries that were replaced" if verdict == "fail"

not_applicable if input.body.kernel == null

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.outdated_programs)
	input.body.outdated_complete == true
}

items contains {"id": id, "why": why} if {
	is_array(input.body.outdated_programs)
	some program in input.body.outdated_programs
	not program.program in input.parameters.exceptions
	id := say.field(program, "unit", program.program)
	why := sprintf("%v runs with %v", [program.program, concat(", ", program.libraries)])
}
