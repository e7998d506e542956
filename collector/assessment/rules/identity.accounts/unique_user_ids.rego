# METADATA
# title: Every account has a user id of its own
# description: No two accounts share a user id.
# custom:
#   id: identity.accounts.unique_user_ids
#   kind: identity.accounts
#   controls:
#   - id: A.5.16
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: The system tells people apart by number; two names with one number are one identity.
#   fix: Give each account its own number and change the owner of its files.
package exhibit.identity.accounts.unique_user_ids

import data.exhibit.lib.accounts

# Supporting on A.5.16: one number for one account is a condition of managed identities; their life
# cycle, from the request to the removal, is not seen here.

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

message := concat("", ["every account has a user id of its own", accounts.beyond(input.body)]) if verdict == "pass"

message := "user ids are shared" if verdict == "fail"

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

items contains {"id": names, "why": why} if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	is_number(account.uid)
	same := {other.name | some other in input.body.accounts; other.uid == account.uid}
	count(same) > 1
	names := concat(", ", same)
	why := sprintf("share user id %d", [account.uid])
}
