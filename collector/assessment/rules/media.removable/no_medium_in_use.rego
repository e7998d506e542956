# METADATA
# title: No removable medium is in use
# description: No removable medium is mounted, named ones excepted.
# custom:
#   id: media.removable.no_medium_in_use
#   kind: media.removable
#   controls:
#   - id: A.7.10
#     relation: supporting
#   - id: A.8.12
#     relation: supporting
#   severity: low
#   freshness: 48
#   why: What is mounted is read, copied and forgotten in the machine.
#   fix: Unmount the medium and take it to where it is kept, or name the device as an exception.
#   parameters:
#     exceptions: []
package exhibit.media.removable.no_medium_in_use

import data.exhibit.lib.say

default verdict := "error"

default message := "which devices are attached could not be determined"

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

message := "no removable device is attached" if verdict == "not_applicable"

message := "no removable medium is mounted" if verdict == "pass"

message := "removable media are mounted" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(input.body.devices) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
}

items contains {"id": id, "why": why} if {
	is_array(input.body.devices)
	some device in input.body.devices
	count(device.mounted) > 0
	not device.id in input.parameters.exceptions
	id := device.id
	why := sprintf("is mounted at %v (%v)", [
		concat(", ", device.mounted),
		say.field(device, "transport", "unknown"),
	])
}
