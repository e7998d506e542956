# METADATA
# title: Nobody belongs to the group that reads passwords
# description: No account is a member of a group whose members may read the hashes of passwords.
# custom:
#   id: identity.accounts.nobody_reads_password_hashes
#   kind: identity.accounts
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.3
#     relation: supporting
#   - id: A.8.2
#     relation: context
#   severity: high
#   freshness: 48
#   why: Whoever reads the hashes guesses all passwords at home, without a failed attempt on any
#     record.
#   fix: Take the account out of the group (gpasswd -d NAME shadow), and let whoever was in it
#     choose new passwords for all.
#   parameters:
#     groups: ["shadow"]
#     exceptions: []
package exhibit.identity.accounts.nobody_reads_password_hashes

import data.exhibit.lib.accounts

default verdict := "error"

default message := "the groups of some account could not be read"

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

message := "no account is listed here" if verdict == "not_applicable"

message := "nobody belongs to a group that reads passwords" if verdict == "pass"

message := "accounts belong to a group that reads passwords" if verdict == "fail"

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
		is_array(account.groups)
	}
}

items contains {"id": account.name, "why": sprintf("is a member of %v", [name])} if {
	some account in judged
	is_array(account.groups)
	some name in account.groups
	name in input.parameters.groups
}

judged contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	not account.name in input.parameters.exceptions
}
