# METADATA
# title: Accounts of the system and of services have no login
# description: No system or service account beside the exceptions offers an interactive session.
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
#   why: Nobody watches how a service account signs in, so a shell on it is a gift to an intruder.
#   fix: Set the shell to /usr/sbin/nologin (usermod -s /usr/sbin/nologin NAME) or add it to the
#     exceptions.
#   parameters:
#     exceptions: ["root", "sync"]
package exhibit.identity.accounts.system_accounts_cannot_sign_in

default verdict := "error"

default message := "whether some account may sign in could not be determined"

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

message := "there are no system or service accounts" if verdict == "not_applicable"

message := "no system or service account has a login" if verdict == "pass"

message := sprintf("%d system or service accounts have a login", [count(items)]) if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	every account in judged {
		is_boolean(account.login_allowed)
	}
}

items contains {"id": account.name, "why": why} if {
	some account in judged
	account.login_allowed == true
	why := sprintf("may open a session with %v", [object.get(account, "shell", "a login")])
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.type in {"system", "service"}
	account.enabled == true
	not account.name in input.parameters.exceptions
}
