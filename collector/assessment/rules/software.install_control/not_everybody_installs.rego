# METADATA
# title: Not everybody may install
# description: No right to install is given to every account.
# custom:
#   id: software.install_control.not_everybody_installs
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.18
#     relation: context
#   severity: high
#   freshness: 168
#   why: Where everybody installs, nobody knows what runs.
#   fix: Give the right to a group of named people.
#   parameters:
#     everybody: ["ALL", "%users", "*", "everyone", "unix-group:users"]
package exhibit.software.install_control.not_everybody_installs

import data.exhibit.lib.say

default verdict := "error"

default message := "who may install could not be read"

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

message := "nobody beside the administrator may install" if verdict == "not_applicable"

message := "not everybody may install" if verdict == "pass"

message := "everybody may install" if verdict == "fail"

not_applicable if {
	is_array(input.body.installers)
	count(input.body.installers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.installers)
}

items contains {"id": id, "why": why} if {
	is_array(input.body.installers)
	some installer in input.body.installers
	installer.principal in input.parameters.everybody
	id := installer.source
	why := sprintf("lets %v use %v by %v", [
		say.field(installer, "principal", "unknown"),
		concat(", ", installer.tools),
		say.field(installer, "via", "unknown"),
	])
}
