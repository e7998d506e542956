# METADATA
# title: Private keys of people have a passphrase
# description: No private key of an account lies open without a passphrase; keys of the host
#   itself are left out.
# custom:
#   id: identity.secrets_and_keys.private_keys_encrypted
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Who copies the file has the key, and a backup is a copy.
#   fix: Set a passphrase with ssh-keygen -p and use an agent, or keep the key in hardware; name
#     accounts of services as exceptions.
#   parameters:
#     types: ["ssh_private_key"]
#     exceptions: []
package exhibit.identity.secrets_and_keys.private_keys_encrypted

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or whether one has a passphrase is not known"

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

message := "no private key of an account lies here" if verdict == "not_applicable"

message := "every private key has a passphrase" if verdict == "pass"

message := "private keys lie open without a passphrase" if verdict == "fail"

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
		is_boolean(credential.encrypted)
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	credential.encrypted == false
	id := credential.source
	why := sprintf("belongs to %v and has no passphrase", [
		say.field(credential, "account", "unknown"),
	])
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.type in input.parameters.types
	not credential.account in input.parameters.exceptions
}
