# METADATA
# title: Swap is encrypted
# description: Every swap area is encrypted.
# custom:
#   id: crypto.at_rest.swap_encrypted
#   kind: crypto.at_rest
#   controls:
#   - id: A.8.24
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Passwords and keys in memory end up in swap and stay there in clear.
#   fix: Use an encrypted swap (crypttab with a random key) or swap in compressed memory.
package exhibit.crypto.at_rest.swap_encrypted

import data.exhibit.lib.say

default verdict := "error"

default message := "whether some swap area is encrypted could not be determined; from inside a guest what lies below its disks cannot be seen"

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

message := "there is no swap" if verdict == "not_applicable"

message := "swap is encrypted" if verdict == "pass"

message := "swap areas are not encrypted" if verdict == "fail"

not_applicable if {
	is_array(input.body.swap)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.swap)
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
	is_array(input.body.swap)
	some volume in input.body.swap
}
