# METADATA
# title: Data volumes are encrypted
# description: Every volume that keeps data across a restart is encrypted, the start-up volumes
#   excepted.
# custom:
#   id: crypto.at_rest.volumes_encrypted
#   kind: crypto.at_rest
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   - id: A.7.14
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A disk that leaves the building, sold or stolen, takes everything on it along.
#   fix: Reinstall or migrate onto LUKS. Where the machine below or the provider encrypts, bring its
#     evidence, or name the volumes as exceptions with the reason.
#   parameters:
#     exceptions: ["/boot", "/boot/efi", "/efi"]
package exhibit.crypto.at_rest.volumes_encrypted

import data.exhibit.lib.say

default verdict := "error"

default message := "whether some volume is encrypted could not be determined; from inside a guest what lies below its disks cannot be seen"

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

message := "no volume keeps data here" if verdict == "not_applicable"

message := "every data volume is encrypted" if verdict == "pass"

message := "data volumes are not encrypted" if verdict == "fail"

not_applicable if {
	is_array(input.body.volumes)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.volumes)
	every volume in judged {
		is_boolean(volume.encrypted)
	}
}

items contains {"id": volume.id, "why": why} if {
	some volume in judged
	volume.encrypted == false
	why := sprintf("is not encrypted (%v)", [say.field(volume, "device", "no device")])
}

judged contains volume if {
	is_array(input.body.volumes)
	some volume in input.body.volumes
	not volume.id in input.parameters.exceptions
}
