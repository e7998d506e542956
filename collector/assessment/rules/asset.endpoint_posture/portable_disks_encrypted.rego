# METADATA
# title: Devices that are carried are encrypted
# description: Every volume that stays in a portable device is encrypted, those to start from
#   left out; a device that is not known to stand still counts as portable.
# custom:
#   id: asset.endpoint_posture.portable_disks_encrypted
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.7.9
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   - id: A.6.7
#     relation: context
#   severity: high
#   freshness: 48
#   why: A lost laptop is read by whoever finds it.
#   fix: Set the device up anew on LUKS, or move its volumes onto it.
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.portable_disks_encrypted

default verdict := "error"

default message := "whether the disks are encrypted could not be determined"

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

message := "no device that is carried is here" if verdict == "not_applicable"

message := "every device that is carried is encrypted" if verdict == "pass"

message := "devices that are carried are not encrypted" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		device.disks_encrypted == true
	}
}

items contains {"id": device.name, "why": "has a volume that is not encrypted"} if {
	some device in judged
	device.disks_encrypted == false
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.portable == false
	not device.id in input.parameters.exceptions
}
