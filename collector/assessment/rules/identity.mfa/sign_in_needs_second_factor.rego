# METADATA
# title: Signing in needs a second factor
# description: Nobody signs in over a network without a second factor; the local console is left
#   out by default.
# custom:
#   id: identity.mfa.sign_in_needs_second_factor
#   kind: identity.mfa
#   controls:
#   - id: A.8.5
#     relation: direct
#   - id: A.5.17
#     relation: supporting
#   - id: A.6.7
#     relation: context
#   severity: high
#   freshness: 168
#   why: Passwords and keys are stolen every day; a second factor makes the theft worth little.
#   fix: Demand a second factor in the sign-in of the service, for SSH with AuthenticationMethods
#     and a PAM module without nullok, or let people in through a gate that asks.
#   parameters:
#     exceptions: ["login"]
package exhibit.identity.mfa.sign_in_needs_second_factor

import data.exhibit.lib.say

# Direct on A.8.5: whether a second factor stands before every way in is secure authentication
# itself, observed where it is asked.

default verdict := "error"

default message := "whether a second factor is needed could not be determined for every service"

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

message := "nobody can sign in here over a network" if verdict == "not_applicable"

message := "every sign-in needs a second factor" if verdict == "pass"

message := "some sign-ins need no second factor" if verdict == "fail"

not_applicable if {
	is_array(input.body.services)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.services)
	every service in judged {
		is_boolean(service.required)
	}
}

items contains {"id": id, "why": why} if {
	some service in judged
	service.required == false
	id := service.name
	why := sprintf("lets people past without a second factor (%v)", [
		say.field(service, "source", "unknown"),
	])
}

judged contains service if {
	is_array(input.body.services)
	some service in input.body.services
	service.type == "sign_in"
	not service.name in input.parameters.exceptions
}
