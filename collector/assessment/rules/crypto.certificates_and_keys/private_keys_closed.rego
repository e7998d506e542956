# METADATA
# title: Private keys are closed to others
# description: No private key of a service may be read by everybody or changed by its group.
# custom:
#   id: crypto.certificates_and_keys.private_keys_closed
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.3
#     relation: context
#   severity: critical
#   freshness: 168
#   why: Who can read the key can be the service, and read what was recorded.
#   fix: Set mode 0600, or 0640 with a group of its own, and replace a key that others could read.
package exhibit.crypto.certificates_and_keys.private_keys_closed

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or the mode of a key is not known"

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

message := "no private key lies in a file here" if verdict == "not_applicable"

message := "every private key is closed to others" if verdict == "pass"

message := "private keys are open to others" if verdict == "fail"

not_applicable if {
	is_array(input.body.keys)
	input.body.complete == true
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.keys)
	input.body.complete == true
	every key in judged {
		regex.match("^[0-7]{4}$", key.mode)
	}
}

items contains {"id": id, "why": why} if {
	some key in judged
	regex.match("^[0-7]{4}$", key.mode)
	not regex.match("^[0-7]{2}[04]0$", key.mode)
	id := key.id
	why := sprintf("has mode %v, owner %v, group %v", [
		say.field(key, "mode", "unknown"),
		say.field(key, "owner", "unknown"),
		say.field(key, "group", "unknown"),
	])
}

judged contains key if {
	is_array(input.body.keys)
	some key in input.body.keys
	key.mode != null
}
