# METADATA
# title: Nobody is signed in unasked
# description: No device signs somebody in at start without asking who is there.
# custom:
#   id: asset.endpoint_posture.nobody_signed_in_unasked
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: An account that opens by itself belongs to whoever starts the device.
#   fix: Take the automatic sign-in out of the settings of the display manager.
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.nobody_signed_in_unasked

default verdict := "error"

default message := "whether somebody is signed in unasked could not be determined"

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

message := "no device signs somebody in unasked" if verdict == "pass"

message := "devices sign somebody in unasked" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		device.automatic_sign_in == false
	}
}

items contains {"id": device.name, "why": "signs somebody in at start"} if {
	some device in judged
	device.automatic_sign_in == true
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
