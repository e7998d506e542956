# METADATA
# title: Sign-in keys are strong
# description: No key that signs in uses a broken algorithm or is too short.
# custom:
#   id: identity.accounts.strong_keys
#   kind: identity.accounts
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: A short or broken key can be computed, and then nobody notices who uses it.
#   fix: Replace the key by an Ed25519 key, or an RSA key of 3072 bits or more, and delete the old
#     line.
#   parameters:
#     broken: ["ssh-dss", "ssh-rsa1"]
#     min_rsa_bits: 2048
#   limits:
#     min_rsa_bits: [1024, 16384]
package exhibit.identity.accounts.strong_keys

import data.exhibit.lib.accounts

default verdict := "error"

default message := "the keys of some account that can sign in could not be read, or the size of an RSA key is not known"

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

message := concat("", ["nobody signs in by key", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["every sign-in key is strong", accounts.beyond(input.body)]) if verdict == "pass"

message := "sign-in keys are weak" if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	count(keys) == 0
	every account in input.body.accounts {
		readable(account)
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	every account in input.body.accounts {
		readable(account)
	}
	every credential in keys {
		sized(credential)
	}
}

items contains {"id": credential.id, "why": why} if {
	some credential in keys
	credential.algorithm in input.parameters.broken
	why := sprintf("uses %v (%v)", [credential.algorithm, credential.source])
}

items contains {"id": credential.id, "why": why} if {
	some credential in keys
	contains(credential.algorithm, "rsa")
	is_number(credential.bits)
	credential.bits < input.parameters.min_rsa_bits
	why := sprintf("has %d bits (%v)", [credential.bits, credential.source])
}

keys contains credential if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	is_array(account.credentials)
	some credential in account.credentials
	credential.enabled == true
	is_string(credential.algorithm)
}

# Only RSA comes in sizes that matter.
sized(credential) if not contains(credential.algorithm, "rsa")

sized(credential) if is_number(credential.bits)

readable(account) if account.enabled == false

readable(account) if account.login_allowed == false

readable(account) if is_array(account.credentials)
