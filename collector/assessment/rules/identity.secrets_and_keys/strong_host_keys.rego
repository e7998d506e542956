# METADATA
# title: The host proves itself by strong keys
# description: No key by which the host proves itself is of a broken algorithm or too short.
# custom:
#   id: identity.secrets_and_keys.strong_host_keys
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.5
#     relation: context
#   severity: high
#   freshness: 168
#   why: A host key that can be computed lets somebody stand between without a warning.
#   fix: Delete the weak host key, make Ed25519 and RSA 3072 keys with ssh-keygen, and tell people
#     the new fingerprints.
#   parameters:
#     broken: ["ssh-dss", "ssh-rsa1"]
#     min_rsa_bits: 2048
#   limits:
#     min_rsa_bits: [1024, 16384]
package exhibit.identity.secrets_and_keys.strong_host_keys

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or an algorithm or the size of an RSA key is not known"

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

message := "no host key lies here" if verdict == "not_applicable"

message := "every host key is strong" if verdict == "pass"

message := "host keys are weak" if verdict == "fail"

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
		is_string(credential.algorithm)
		sized(credential)
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	credential.algorithm in input.parameters.broken
	id := credential.source
	why := sprintf("is of %v", [say.field(credential, "algorithm", "unknown")])
}

items contains {"id": id, "why": why} if {
	some credential in judged
	contains(credential.algorithm, "rsa")
	is_number(credential.bits)
	credential.bits < input.parameters.min_rsa_bits
	id := credential.source
	why := sprintf("has %d bits", [say.field(credential, "bits", "unknown")])
}

# Only RSA comes in sizes that matter.
sized(credential) if not contains(credential.algorithm, "rsa")

sized(credential) if is_number(credential.bits)

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.type == "ssh_host_key"
}
