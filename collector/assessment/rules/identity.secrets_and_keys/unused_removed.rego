# METADATA
# title: Unused keys and tokens are removed
# description: No key or token whose use is recorded was last used longer ago than the limit.
# custom:
#   id: identity.secrets_and_keys.unused_removed
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.5.18
#     relation: supporting
#   severity: medium
#   freshness: 168
#   clock: true
#   why: A key that nobody uses is missed by nobody when it is stolen.
#   fix: Ask its holder, then switch it off and delete it.
#   parameters:
#     max_days: 90
#   limits:
#     max_days: [1, 1100]
package exhibit.identity.secrets_and_keys.unused_removed

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read, or a day of use could not be read or lies in the future"

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

message := "of no key or token the use is recorded" if verdict == "not_applicable"

message := "every key or token with a recorded use was used lately" if verdict == "pass"

message := "keys or tokens have not been used for long" if verdict == "fail"

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
		age.days(credential.last_used, input.now) <= input.parameters.max_days
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	days := age.days(credential.last_used, input.now)
	days > input.parameters.max_days
	id := credential.source
	why := sprintf("opens %v and was last used %d days ago", [
		say.field(credential, "account", "the target"),
		floor(days),
	])
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.last_used != null
	not credential.enabled == false
}
