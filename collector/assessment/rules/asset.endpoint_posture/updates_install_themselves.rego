# METADATA
# title: Devices update themselves
# description: Every device installs updates by itself.
# custom:
#   id: asset.endpoint_posture.updates_install_themselves
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.8.1
#     relation: supporting
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Nobody logs on to a hundred laptops to update them, and half are switched off when
#     somebody does.
#   fix: Switch automatic updates on.
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.updates_install_themselves

default verdict := "error"

default message := "whether updates install themselves could not be determined"

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

message := "no device is here" if verdict == "not_applicable"

message := "every device updates itself" if verdict == "pass"

message := "devices do not update themselves" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		device.updates_automatic == true
	}
}

items contains {"id": device.name, "why": "does not install updates by itself"} if {
	some device in judged
	device.updates_automatic == false
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
