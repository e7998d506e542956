# METADATA
# title: Keys of the administrator are restricted
# description: Every key that opens the administrator itself is restricted to addresses or to one
#   command; of keys of a provider any restriction counts.
# custom:
#   id: identity.secrets_and_keys.administrator_keys_restricted
#   kind: identity.secrets_and_keys
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.5
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Such a key opens everything from everywhere, and the records name nobody.
#   fix: Put from= or command= before the key, or let people sign in by name and step up.
#   parameters:
#     accounts: ["root"]
#     suffice: ["from", "command"]
package exhibit.identity.secrets_and_keys.administrator_keys_restricted

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place of keys could be read"

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

message := "no key opens the administrator" if verdict == "not_applicable"

message := "every key of the administrator is restricted" if verdict == "pass"

message := "keys of the administrator are not restricted" if verdict == "fail"

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
		is_array(credential.restrictions)
	}
}

items contains {"id": id, "why": why} if {
	some credential in judged
	is_array(credential.restrictions)
	not restricted(credential)
	id := credential.source
	why := sprintf("opens %v from everywhere and for every command", [
		say.field(credential, "account", "unknown"),
	])
}

# Without a terminal or an agent a key still opens everything.
restricted(credential) if {
	some restriction in credential.restrictions
	restriction in input.parameters.suffice
}

restricted(credential) if {
	credential.type == "access_key"
	count(credential.restrictions) > 0
}

judged contains credential if {
	is_array(input.body.credentials)
	some credential in input.body.credentials
	credential.type in ["ssh_authorized_key", "access_key"]
	credential.account in input.parameters.accounts
	not credential.enabled == false
}
