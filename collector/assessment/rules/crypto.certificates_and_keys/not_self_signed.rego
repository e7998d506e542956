# METADATA
# title: Services show certificates that others can check
# description: No certificate in use has signed itself.
# custom:
#   id: crypto.certificates_and_keys.not_self_signed
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: context
#   severity: low
#   freshness: 168
#   why: Nobody can tell a certificate that signed itself from that of an intruder between.
#   fix: Have the certificate issued by an authority that the clients trust, or name its
#     fingerprint as an exception where clients pin it.
#   parameters:
#     only_used: true
#     exceptions: []
package exhibit.crypto.certificates_and_keys.not_self_signed

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

message := "no service here uses a certificate" if verdict == "not_applicable"

message := "every certificate in use was issued by an authority" if verdict == "pass"

message := "certificates in use have signed themselves" if verdict == "fail"

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
		is_boolean(certificate.self_signed)
	}
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	certificate.self_signed == true
	shown(certificate)
	id := certificate.fingerprint
	why := sprintf("%v has signed itself and is used by %v", [
		say.field(certificate, "subject", "unknown"),
		concat(", ", certificate.used_by),
	])
}

# An authority has signed itself; what a service names as its own certificate it shows, whatever it may sign besides.
shown(certificate) if certificate.authority == false

shown(certificate) if count(certificate.used_by) > 0

judged contains certificate if {
	is_array(input.body.certificates)
	some certificate in input.body.certificates
	not certificate.subject in input.parameters.exceptions
	not certificate.fingerprint in input.parameters.exceptions
	considered(certificate)
}

considered(_) if input.parameters.only_used == false

considered(certificate) if count(certificate.used_by) > 0
