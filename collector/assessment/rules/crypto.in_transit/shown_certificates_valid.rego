# METADATA
# title: Certificates that are shown have not expired
# description: The certificate that each listener shows is still valid.
# custom:
#   id: crypto.in_transit.shown_certificates_valid
#   kind: crypto.in_transit
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: supporting
#   severity: high
#   freshness: 48
#   clock: true
#   why: What counts is the certificate that a client sees, and a service that was not reloaded
#     shows the old one.
#   fix: Reload the service after a renewal; renew the certificate where that did not happen.
package exhibit.crypto.in_transit.shown_certificates_valid

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "listeners could not be asked for TLS, or the end of a certificate is no date"

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

message := "no listener here shows a certificate" if {
	verdict == "not_applicable"
	input.body.probed == true
}

# Nobody allowed it, which an outcome of the run tells too. What was not asked is no reason to doubt it.
message := "no listener was asked for TLS, which the plugin does only when it is allowed to" if {
	verdict == "not_applicable"
	input.body.probed == false
}

message := "every certificate that is shown is valid" if verdict == "pass"

message := "listeners show certificates that have expired" if verdict == "fail"

not_applicable if {
	is_array(input.body.endpoints)
	is_boolean(input.body.probed)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.endpoints)
	input.body.probed == true
	every endpoint in judged {
		age.hours(endpoint.certificate.not_after, input.now) < 0
	}
}

items contains {"id": id, "why": why} if {
	some endpoint in judged
	age.hours(endpoint.certificate.not_after, input.now) >= 0
	id := endpoint.id
	why := sprintf("shows %v, which ended on %v", [
		say.field(endpoint.certificate, "subject", "a certificate"),
		endpoint.certificate.not_after,
	])
}

judged contains endpoint if {
	is_array(input.body.endpoints)
	some endpoint in input.body.endpoints
	is_object(endpoint.certificate)
}
