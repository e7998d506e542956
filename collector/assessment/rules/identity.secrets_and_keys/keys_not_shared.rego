# METADATA
# title: No key opens several accounts
# description: No key opens more accounts than the limit.
# custom:
#   id: identity.secrets_and_keys.keys_not_shared
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.5.16
#     relation: context
#   severity: low
#   freshness: 168
#   why: A key that opens many accounts hides who used which, and one theft opens all of them.
#   fix: Give each account the key of its own person, and let one person step up from it.
#   parameters:
#     max_accounts: 1
#   limits:
#     max_accounts: [1, 1000]
package exhibit.identity.secrets_and_keys.keys_not_shared

default verdict := "error"

default message := "not every place of keys could be read, or a key has no fingerprint"

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

message := "no key opens an account here" if verdict == "not_applicable"

message := "no key opens several accounts" if verdict == "pass"

message := "keys open several accounts" if verdict == "fail"

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
		is_string(credential.id)
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	is_string(credential.id)
	accounts := {other.account | some other in judged; other.id == credential.id}
	count(accounts) > input.parameters.max_accounts
	id := credential.id
	why := sprintf("opens %v", [concat(", ", accounts)])
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.type == "ssh_authorized_key"
	is_string(credential.account)
	not credential.enabled == false
}
