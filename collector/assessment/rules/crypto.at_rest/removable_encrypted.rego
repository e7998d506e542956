# METADATA
# title: Removable volumes are encrypted
# description: Every volume that leaves the machine easily is encrypted.
# custom:
#   id: crypto.at_rest.removable_encrypted
#   kind: crypto.at_rest
#   controls:
#   - id: A.7.10
#     relation: supporting
#   - id: A.7.9
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: A stick or an external disk is lost more often than stolen, and found by strangers.
#   fix: Encrypt the medium (cryptsetup luksFormat) or take it away.
package exhibit.crypto.at_rest.removable_encrypted

import data.exhibit.lib.say

default verdict := "error"

default message := "whether some removable volume is encrypted could not be determined"

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

message := "no removable volume is attached" if verdict == "not_applicable"

message := "every removable volume is encrypted" if verdict == "pass"

message := "removable volumes are not encrypted" if verdict == "fail"

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
	volume.removable == true
}
