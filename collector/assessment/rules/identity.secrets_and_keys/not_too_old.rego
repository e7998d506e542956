# METADATA
# title: Keys and tokens are renewed
# description: No key or token that opens an account is older than the limit. Where nobody
#   recorded the day it was made, the day its file last changed is the least age.
# custom:
#   id: identity.secrets_and_keys.not_too_old
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.5
#     relation: supporting
#   - id: A.8.24
#     relation: context
#   severity: medium
#   freshness: 168
#   clock: true
#   why: The longer a key lives, the more copies there are that nobody remembers.
#   fix: Make a new key, put it in the place of the old one, and delete the old line.
#   parameters:
#     max_days: 730
#     types: ["ssh_authorized_key", "access_key", "token"]
#   limits:
#     max_days: [1, 3660]
package exhibit.identity.secrets_and_keys.not_too_old

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or the age of one is not recorded or lies in the future"

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

message := "no key or token opens an account here" if verdict == "not_applicable"

message := "no key or token is known to be older than the limit" if verdict == "pass"

message := "keys or tokens are older than the limit" if verdict == "fail"

not_applicable if {
	is_array(input.body.credentials)
	input.body.complete == true
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.credentials)
	input.body.complete == true
	every credential in judged {
		age.days(born(credential), input.now) <= input.parameters.max_days
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	days := age.days(born(credential), input.now)
	days > input.parameters.max_days
	id := credential.source
	why := sprintf("opens %v and is at least %d days old (%v)", [
		say.field(credential, "account", "the target"),
		floor(days),
		say.field(credential, "algorithm", "algorithm not known"),
	])
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.type in input.parameters.types
	not credential.enabled == false
}

born(credential) := credential.created if is_string(credential.created)

born(credential) := credential.changed if {
	credential.created == null
	is_string(credential.changed)
}
