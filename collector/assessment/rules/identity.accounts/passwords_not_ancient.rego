# METADATA
# title: No password is older than the limit
# description: Every password that a person uses was changed within the limit.
# custom:
#   id: identity.accounts.passwords_not_ancient
#   kind: identity.accounts
#   controls:
#   - id: A.5.17
#     relation: context
#   severity: low
#   freshness: 168
#   clock: true
#   why: A password of many years has had many chances to leak, and predates today's rules for
#     choosing it.
#   fix: Ask the person to choose a new password, or to sign in by key and lock the password.
#   parameters:
#     max_days: 1095
#   limits:
#     max_days: [1, 3660]
package exhibit.identity.accounts.passwords_not_ancient

import data.exhibit.lib.accounts
import data.exhibit.lib.age

default verdict := "error"

default message := "the age of some password is not recorded, not readable, or lies in the future"

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

message := concat("", ["no person uses a password here", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["no password is older than the limit", accounts.beyond(input.body)]) if verdict == "pass"

message := sprintf("passwords are older than %d days", [input.parameters.max_days]) if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	count(judged) == 0
	every account in input.body.accounts {
		known(account)
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	every account in judged {
		is_number(age.days(account.password.last_changed, input.now))
	}
}

items contains {"id": account.name, "why": why} if {
	some account in judged
	age.days(account.password.last_changed, input.now) > input.parameters.max_days
	why := sprintf("its password is unchanged since %v", [account.password.last_changed])
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.type == "person"
	account.enabled == true
	not locked(account)
}

locked(account) if account.password.state in {"locked", "disabled"}

known(account) if account.type != "person"

known(account) if account.enabled == false

known(account) if is_object(account.password)
