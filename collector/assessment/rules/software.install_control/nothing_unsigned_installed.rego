# METADATA
# title: Nothing unsigned is installed
# description: No installed piece came past the signatures, named ones excepted.
# custom:
#   id: software.install_control.nothing_unsigned_installed
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.7
#     relation: context
#   severity: medium
#   freshness: 168
#   why: What came past the signatures once gets its updates that way too, or none.
#   fix: Install the piece again from a signed source, or name it as an exception with the reason.
#   parameters:
#     exceptions: []
package exhibit.software.install_control.nothing_unsigned_installed

import data.exhibit.lib.say

default verdict := "error"

default message := "the package managers could not be read"

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

message := "no package manager is known here" if verdict == "not_applicable"

message := "nothing unsigned is installed" if verdict == "pass"

message := "unsigned software is installed" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	count(input.body.managers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	every manager in input.body.managers {
		is_array(manager.unsigned)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	is_array(manager.unsigned)
	some piece in manager.unsigned
	not piece in input.parameters.exceptions
	id := piece
	why := sprintf("came past the signatures of %v", [say.field(manager, "name", "unknown")])
}
