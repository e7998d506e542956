# METADATA
# title: More rights need a second factor
# description: Nobody steps up to more rights without a second factor.
# custom:
#   id: identity.mfa.elevation_needs_second_factor
#   kind: identity.mfa
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.5
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Who sits at an unlocked session has one factor already.
#   fix: Demand a second factor in the PAM stack of sudo and su, or grant the rights for a time
#     through a service that asks.
#   parameters:
#     exceptions: []
package exhibit.identity.mfa.elevation_needs_second_factor

import data.exhibit.lib.say

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

message := "no step to more rights is known here" if verdict == "not_applicable"

message := "every step to more rights needs a second factor" if verdict == "pass"

message := "steps to more rights need no second factor" if verdict == "fail"

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
	service.type == "elevation"
	not service.name in input.parameters.exceptions
}
