# METADATA
# title: Keys of certificates are strong
# description: No certificate in use has a key that is too short or of an algorithm that is given
#   up.
# custom:
#   id: crypto.certificates_and_keys.strong_keys
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: A short key can be computed, and then anybody is that service.
#   fix: Make a new key of 256 bits (elliptic curve) or 3072 bits (RSA) and have a certificate
#     issued for it.
#   parameters:
#     min_bits: {"rsa": 2048, "ec": 256}
#     forbidden: ["dsa"]
#     of_one_size: ["ed25519", "ed448"]
#     only_used: true
#     exceptions: []
package exhibit.crypto.certificates_and_keys.strong_keys

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of certificates could be read, or the size of a key, or how strong its algorithm is, is not known"

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

message := "no service here uses a certificate" if verdict == "not_applicable"

message := "every key of a certificate in use is strong" if verdict == "pass"

message := "keys of certificates in use are weak" if verdict == "fail"

not_applicable if {
	is_array(input.body.certificates)
	input.body.complete == true
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.certificates)
	input.body.complete == true
	every certificate in judged {
		sized(certificate)
	}
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	is_number(certificate.key_bits)
	certificate.key_bits < input.parameters.min_bits[certificate.key_algorithm]
	id := certificate.fingerprint
	why := sprintf("%v has a key of %d bits (%v)", [
		say.field(certificate, "subject", "unknown"),
		say.field(certificate, "key_bits", "unknown"),
		say.field(certificate, "key_algorithm", "unknown"),
	])
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	certificate.key_algorithm in input.parameters.forbidden
	id := certificate.fingerprint
	why := sprintf("%v has a key of %v", [
		say.field(certificate, "subject", "unknown"),
		say.field(certificate, "key_algorithm", "unknown"),
	])
}

judged contains certificate if {
	is_array(input.body.certificates)
	some certificate in input.body.certificates
	not certificate.subject in input.parameters.exceptions
	not certificate.fingerprint in input.parameters.exceptions
	considered(certificate)
}

considered(_) if input.parameters.only_used == false

considered(certificate) if count(certificate.used_by) > 0

sized(certificate) if {
	is_number(certificate.key_bits)
	input.parameters.min_bits[certificate.key_algorithm]
}

sized(certificate) if certificate.key_algorithm in input.parameters.of_one_size
