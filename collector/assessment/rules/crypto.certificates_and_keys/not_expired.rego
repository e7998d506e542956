# METADATA
# title: No certificate in use has expired
# description: The end of every certificate that a service uses is still to come.
# custom:
#   id: crypto.certificates_and_keys.not_expired
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.5.17
#     relation: context
#   - id: A.8.21
#     relation: context
#   severity: high
#   freshness: 48
#   clock: true
#   why: An expired certificate stops connections, or teaches people to click warnings away.
#   fix: Renew the certificate and reload the services that use it.
#   parameters:
#     only_used: true
#     exceptions: []
package exhibit.crypto.certificates_and_keys.not_expired

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of certificates could be read, or the end of one is no date"

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

message := "no certificate in use has expired" if verdict == "pass"

message := "certificates in use have expired" if verdict == "fail"

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
		age.hours(certificate.not_after, input.now) < 0
	}
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	hours := age.hours(certificate.not_after, input.now)
	hours >= 0
	id := certificate.fingerprint
	why := sprintf("%v ended on %v", [
		say.field(certificate, "subject", "unknown"),
		say.field(certificate, "not_after", "unknown"),
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
