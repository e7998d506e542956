# METADATA
# title: Nobody can sign in as the system or a service
# description: No system or service account beside the exceptions has both a shell and a password or
#   key that opens it.
# custom:
#   id: identity.accounts.system_accounts_cannot_sign_in
#   kind: identity.accounts
#   controls:
#   - id: A.5.15
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Nobody watches how a service account signs in, so a way into it is a gift to an intruder.
#   fix: Set the shell to /usr/sbin/nologin (usermod -s /usr/sbin/nologin NAME), lock the password,
#     remove the keys, or add the account to the exceptions.
#   parameters:
#     exceptions: ["root", "sync"]
package exhibit.identity.accounts.system_accounts_cannot_sign_in

import data.exhibit.lib.accounts
import data.exhibit.lib.say

default verdict := "error"

default message := "whether some system or service account can be signed in to could not be determined"

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

message := concat("", ["there are no system or service accounts", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["nobody can sign in as the system or a service", accounts.beyond(input.body)]) if verdict == "pass"

message := "system or service accounts can be signed in to" if verdict == "fail"

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
		closed(account)
	}
}

items contains {"id": account.name, "why": why} if {
	some account in judged
	account.login_allowed == true
	account.password.state in {"set", "empty"}
	why := sprintf("may open a session with %v by password", [say.field(account, "shell", "a login")])
}

items contains {"id": account.name, "why": why} if {
	some account in judged
	account.login_allowed == true
	is_array(account.credentials)
	some credential in account.credentials
	credential.enabled == true
	why := sprintf("may open a session with %v by %v", [say.field(account, "shell", "a login"), credential.type])
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.type in {"system", "service"}
	account.enabled == true
	not account.name in input.parameters.exceptions
}

closed(account) if account.login_allowed == false

# A shell without password and key is reached only by those who are administrators already.
closed(account) if {
	account.password.state in {"locked", "disabled"}
	is_array(account.credentials)
	every credential in account.credentials {
		credential.enabled == false
	}
}
