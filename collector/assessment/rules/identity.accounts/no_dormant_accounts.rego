# METADATA
# title: No person's account lies dormant
# description: Every account of a person that can sign in did so within the limit, or is newer than
#   that.
# custom:
#   id: identity.accounts.no_dormant_accounts
#   kind: identity.accounts
#   controls:
#   - id: A.5.18
#     relation: supporting
#   - id: A.5.16
#     relation: supporting
#   - id: A.6.5
#     relation: context
#   severity: medium
#   freshness: 168
#   clock: true
#   why: A forgotten account of somebody who left is the way in that nobody watches.
#   fix: Disable the account (usermod --expiredate 1 NAME) or confirm with its owner that it is
#     needed.
#   parameters:
#     max_days: 90
package exhibit.identity.accounts.no_dormant_accounts

import data.exhibit.lib.age

default verdict := "error"

default message := "the last sign-in of some person's account is not recorded or not readable"

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

message := "no person can sign in here" if verdict == "not_applicable"

message := "no person's account lies dormant" if verdict == "pass"

message := "accounts of people lie dormant" if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	every account in judged {
		settled(account)
	}
}

items contains {"id": account.name, "why": why} if {
	some account in judged
	account.last_sign_in.state == "known"
	days := age.days(account.last_sign_in.date, input.now)
	days > input.parameters.max_days
	why := sprintf("signed in last on %v", [account.last_sign_in.date])
}

items contains {"id": account.name, "why": "never signed in"} if {
	some account in judged
	account.last_sign_in.state == "never"
	not young(account)
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.type == "person"
	account.enabled == true
	account.login_allowed == true
}

settled(account) if account.last_sign_in.state == "known"

settled(account) if account.last_sign_in.state == "never"

# Made, or given its password, within the limit.
young(account) if age.days(account.created, input.now) <= input.parameters.max_days

young(account) if age.days(account.password.last_changed, input.now) <= input.parameters.max_days
