# METADATA
# title: Certificates are signed by strong algorithms
# description: No certificate in use is signed with a broken hash; those that sign themselves are
#   left out, since nobody checks that signature.
# custom:
#   id: crypto.certificates_and_keys.strong_signatures
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: A certificate with a broken hash can be forged for another name.
#   fix: Have the certificate issued again with SHA-256 or better.
#   parameters:
#     weak: ["sha1", "md5", "md2", "md4"]
#     only_used: true
#     exceptions: []
package exhibit.crypto.certificates_and_keys.strong_signatures

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of certificates could be read"

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

message := "no service here uses a certificate of an authority" if verdict == "not_applicable"

message := "every certificate in use is signed by a strong algorithm" if verdict == "pass"

message := "certificates in use are signed by weak algorithms" if verdict == "fail"

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
		is_string(certificate.signature)
	}
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	some weak in input.parameters.weak
	contains(lower(certificate.signature), weak)
	id := certificate.fingerprint
	why := sprintf("%v is signed with %v", [
		say.field(certificate, "subject", "unknown"),
		say.field(certificate, "signature", "unknown"),
	])
}

judged contains certificate if {
	is_array(input.body.certificates)
	some certificate in input.body.certificates
	not certificate.subject in input.parameters.exceptions
	not certificate.fingerprint in input.parameters.exceptions
	certificate.self_signed == false
	considered(certificate)
}

considered(_) if input.parameters.only_used == false

considered(certificate) if count(certificate.used_by) > 0
