# METADATA
# title: Only the expected account has user id 0
# description: No account beside the expected ones carries user id 0.
# custom:
#   id: identity.accounts.one_superuser
#   kind: identity.accounts
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.5.16
#     relation: supporting
#   severity: critical
#   freshness: 48
#   why: A second account with user id 0 has all rights, and its acts look like those of root.
#   fix: Give the account a user id of its own and grant what it needs by sudo.
#   parameters:
#     expected: ["root"]
package exhibit.identity.accounts.one_superuser

import data.exhibit.lib.accounts

default verdict := "error"

default message := "the list of accounts is missing or has no user ids"

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

message := concat("", ["accounts have no numeric user ids here", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["only the expected account has user id 0", accounts.beyond(input.body)]) if verdict == "pass"

message := "further accounts have user id 0" if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	every account in input.body.accounts {
		account.uid == null
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	every account in input.body.accounts {
		object.get(account, "uid", "absent") != "absent"
	}
}

items contains {"id": account.name, "why": "has user id 0, which is full control"} if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.uid == 0
	not account.name in input.parameters.expected
}
