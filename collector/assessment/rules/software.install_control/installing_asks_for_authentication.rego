# METADATA
# title: Installing asks for authentication
# description: Nobody beside the administrator installs software without authenticating again.
# custom:
#   id: software.install_control.installing_asks_for_authentication
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.2
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Without a question every program of that person installs in that person’s name.
#   fix: Take NOPASSWD and rules that answer yes away from tools that install.
package exhibit.software.install_control.installing_asks_for_authentication

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

message := "no right to install is known that asks for no authentication" if verdict == "pass"

message := "some install without authentication" if verdict == "fail"

not_applicable if {
	is_array(input.body.installers)
	count(input.body.installers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.installers)
	every installer in input.body.installers {
		asked(installer)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.installers)
	some installer in input.body.installers
	installer.authentication_required == false
	id := say.field(installer, "principal", installer.source)
	why := sprintf("may use %v by %v without authentication (%v)", [
		concat(", ", installer.tools),
		say.field(installer, "via", "unknown"),
		say.field(installer, "source", "unknown"),
	])
}

asked(installer) if installer.authentication_required == true

# Policies that decide case by case are not judged here.
asked(installer) if installer.authentication_required == null
