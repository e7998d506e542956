# METADATA
# title: Certificates are renewed before they end
# description: No certificate in use is nearer to its end than the limit; one that has expired is
#   told elsewhere.
# custom:
#   id: crypto.certificates_and_keys.renewed_in_time
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: context
#   severity: medium
#   freshness: 48
#   clock: true
#   why: Whoever sees the end of a certificate only on the day itself renews it in the night.
#   fix: Renew the certificate, or find out why what should renew it does not.
#   parameters:
#     min_days: 14
#     only_used: true
#     exceptions: []
#   limits:
#     min_days: [1, 366]
package exhibit.crypto.certificates_and_keys.renewed_in_time

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

message := "no certificate in use ends soon" if verdict == "pass"

message := "certificates in use end soon" if verdict == "fail"

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
		is_number(age.hours(certificate.not_after, input.now))
	}
}

items contains {"id": id, "why": why} if {
	some certificate in judged
	days := age.hours(input.now, certificate.not_after) / 24
	days > 0
	days < input.parameters.min_days
	id := certificate.fingerprint
	why := sprintf("%v ends in %d days (renewed by %v)", [
		say.field(certificate, "subject", "unknown"),
		floor(days),
		say.field(certificate, "renewed_by", "nobody known"),
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
