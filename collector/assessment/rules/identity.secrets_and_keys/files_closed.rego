# METADATA
# title: Files of keys are closed to others
# description: No file of a private key may be read by others, and no list of keys that open an
#   account may be changed by others.
# custom:
#   id: identity.secrets_and_keys.files_closed
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.5
#     relation: supporting
#   - id: A.8.3
#     relation: context
#   severity: high
#   freshness: 168
#   why: Who may read a private key has it; who may add a line to the list lets himself in.
#   fix: Set mode 0600 and the account as owner, and replace a key that others could read.
#   parameters:
#     private: ["ssh_private_key", "ssh_host_key"]
package exhibit.identity.secrets_and_keys.files_closed

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or the mode of a file is not known"

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

message := "no key lies in a file here" if verdict == "not_applicable"

message := "every file of keys is closed to others" if verdict == "pass"

message := "files of keys are open to others" if verdict == "fail"

not_applicable if {
	is_array(input.body.credentials)
	input.body.complete == true
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.credentials)
	input.body.complete == true
	every credential in judged {
		regex.match("^[0-7]{4}$", credential.mode)
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	credential.type in input.parameters.private
	regex.match("^[0-7]{4}$", credential.mode)
	not regex.match("^[0-7]{2}[04]0$", credential.mode)
	id := credential.source
	why := sprintf("is a private key with mode %v", [say.field(credential, "mode", "unknown")])
}

items contains {"id": id, "why": why} if {
	some credential in judged
	not credential.type in input.parameters.private
	regex.match("^[0-7]{2}([2367][0-7]|[0-7][2367])$", credential.mode)
	id := credential.source
	why := sprintf("opens %v and may be changed by others, mode %v", [
		say.field(credential, "account", "the target"),
		say.field(credential, "mode", "unknown"),
	])
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.mode != null
}
