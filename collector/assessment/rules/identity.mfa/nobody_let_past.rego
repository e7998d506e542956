# METADATA
# title: Nobody without a second factor is let past
# description: No service lets accounts past that have not set a second factor up.
# custom:
#   id: identity.mfa.nobody_let_past
#   kind: identity.mfa
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.5.17
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: Such an account signs in with one factor while the page says two.
#   fix: Take the option off (nullok, nouserok) after everybody has set a factor up.
package exhibit.identity.mfa.nobody_let_past

import data.exhibit.lib.say

default verdict := "error"

default message := "whether accounts without a factor are let past could not be determined"

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

message := "nobody without a second factor is let past" if verdict == "pass"

message := "accounts without a second factor are let past" if verdict == "fail"

not_applicable if {
	is_array(input.body.services)
	count(offered) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.services)
	every row in offered {
		is_boolean(row.factor.optional)
	}
}

items contains {"id": id, "why": why} if {
	some row in offered
	row.factor.optional == true
	id := row.service
	why := sprintf("%v lets accounts past that have none", [
		say.field(row.factor, "by", "a factor"),
	])
}

offered contains {"service": service.name, "factor": factor} if {
	is_array(input.body.services)
	some service in input.body.services
	is_array(service.factors)
	some factor in service.factors
}
