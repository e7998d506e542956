# METADATA
# title: No account signs in without a password
# description: No usable account has an empty password.
# custom:
#   id: identity.accounts.no_empty_passwords
#   kind: identity.accounts
#   controls:
#   - id: A.8.5
#     relation: direct
#   - id: A.5.17
#     relation: supporting
#   severity: critical
#   freshness: 48
#   why: An empty password is an open door that leaves no trace of a break-in.
#   fix: Set a password or lock it (passwd -l NAME), and remove nullok from the PAM stack.
package exhibit.identity.accounts.no_empty_passwords

import data.exhibit.lib.accounts

# Direct on A.8.5: signing in without any secret is the absence of secure authentication. Supporting
# on A.5.17: how authentication information is handed out and looked after is not seen here.

default verdict := "error"

default message := "the state of some password could not be read; reading it needs the right to read the password store"

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

message := concat("", ["no usable account keeps a password here", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["no account has an empty password", accounts.beyond(input.body)]) if verdict == "pass"

message := "accounts have an empty password" if verdict == "fail"

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
		account.password.state in {"set", "locked", "disabled"}
	}
}

items contains {"id": account.name, "why": "signs in with an empty password"} if {
	some account in judged
	account.password.state == "empty"
}

# Accounts whose password is kept here. A null password of a local account is unreadable, not absent.
judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.enabled == true
	kept_here(account)
}

kept_here(account) if account.source == "files"

kept_here(account) if is_object(account.password)
