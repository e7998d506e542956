# METADATA
# title: No weak second factor is in use
# description: No service asks for a second factor that can be taken over by telephone or mail.
# custom:
#   id: identity.mfa.no_weak_factors
#   kind: identity.mfa
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.5.17
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A telephone number can be moved by a talk with the shop, and a mailbox is opened by the
#     password that was stolen.
#   fix: Move people to an authenticator program, a hardware key or a smart card.
#   parameters:
#     weak: ["sms", "voice", "email"]
package exhibit.identity.mfa.no_weak_factors

import data.exhibit.lib.say

default verdict := "error"

default message := "the second factors could not be read"

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

message := "no service asks for a second factor here" if verdict == "not_applicable"

message := "no weak second factor is in use" if verdict == "pass"

message := "weak second factors are in use" if verdict == "fail"

not_applicable if {
	is_array(input.body.services)
	count(offered) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.services)
	every row in offered {
		is_string(row.factor.method)
	}
}

items contains {"id": id, "why": why} if {
	some row in offered
	row.factor.method in input.parameters.weak
	id := row.service
	why := sprintf("accepts %v", [say.field(row.factor, "method", "a factor")])
}

offered contains {"service": service.name, "factor": factor} if {
	is_array(input.body.services)
	some service in input.body.services
	is_array(service.factors)
	some factor in service.factors
}
