# METADATA
# title: Devices run systems that are supported
# description: The maker still supports the system of every device.
# custom:
#   id: asset.endpoint_posture.systems_supported
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.8.1
#     relation: supporting
#   - id: A.8.8
#     relation: supporting
#   severity: high
#   freshness: 48
#   clock: true
#   why: A device whose system gets no fixes stays open for good, and it goes where nobody
#     protects it.
#   fix: Move the device to a supported release, or take it out of use.
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.systems_supported

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "until when the system of some device is supported is not known"

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

message := "no device is judged here" if verdict == "not_applicable"

message := "every device runs a supported system" if verdict == "pass"

message := "devices run systems that are no longer supported" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		is_number(age.until(device.supported_until, input.now))
	}
}

items contains {"id": device.name, "why": why} if {
	some device in judged
	# The last day of support is still a day of it.
	age.until(device.supported_until, input.now) <= -1
	why := sprintf("%v was supported until %v", [say.field(device, "system", "its system"), device.supported_until])
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
