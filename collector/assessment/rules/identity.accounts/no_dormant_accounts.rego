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
#   limits:
#     max_days: [1, 1100]
package exhibit.identity.accounts.no_dormant_accounts

import data.exhibit.lib.accounts
import data.exhibit.lib.age

default verdict := "error"

default message := "the last sign-in of some person's account is not recorded, not readable, or lies in the future"

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

message := concat("", ["no person can sign in here", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["no person's account lies dormant", accounts.beyond(input.body)]) if verdict == "pass"

message := "accounts of people lie dormant" if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
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
	dated(account)
	not young(account)
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.type == "person"
	account.enabled == true
	account.login_allowed == true
}

settled(account) if {
	account.last_sign_in.state == "known"
	is_number(age.days(account.last_sign_in.date, input.now))
}

settled(account) if {
	account.last_sign_in.state == "never"
	dated(account)
}

# Since when it exists is known, at the least from its password. Without that it may be of today.
dated(account) if is_number(age.days(account.created, input.now))

dated(account) if is_number(age.days(account.password.last_changed, input.now))

# Made, or given its password, within the limit.
young(account) if age.days(account.created, input.now) <= input.parameters.max_days

young(account) if age.days(account.password.last_changed, input.now) <= input.parameters.max_days
