# METADATA
# title: Passwords are hashed by a strong scheme
# description: Every password that is set is hashed by a scheme on the list of strong ones.
# custom:
#   id: identity.accounts.strong_password_hashes
#   kind: identity.accounts
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.24
#     relation: context
#   severity: high
#   freshness: 168
#   why: Whoever gets the password file guesses passwords under an old scheme a thousand times
#     faster.
#   fix: Set ENCRYPT_METHOD yescrypt (or sha512) and let the people concerned change their
#     passwords.
#   parameters:
#     strong: ["yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "sha512crypt", "sha256crypt"]
package exhibit.identity.accounts.strong_password_hashes

import data.exhibit.lib.accounts

default verdict := "error"

default message := "some password hash scheme could not be read; reading it needs the right to read the password store"

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

message := concat("", ["no password is set here", accounts.beyond(input.body)]) if verdict == "not_applicable"

message := concat("", ["every password is hashed by a strong scheme", accounts.beyond(input.body)]) if verdict == "pass"

message := "passwords are hashed by a weak scheme" if verdict == "fail"

not_applicable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	count(hashed) == 0
	every account in local {
		is_object(account.password)
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.accounts)
	accounts.whole(input.body)
	every account in local {
		is_object(account.password)
	}
	every account in hashed {
		is_string(account.password.hash_scheme)
	}
}

items contains {"id": account.name, "why": why} if {
	some account in hashed
	is_string(account.password.hash_scheme)
	not account.password.hash_scheme in input.parameters.strong
	why := sprintf("its password is hashed by %v", [account.password.hash_scheme])
}

local contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.source == "files"
}

# A locked password still guards nothing worth less: unlocking brings its hash back.
hashed contains account if {
	is_array(input.body.accounts)
	some account in input.body.accounts
	account.password.state in {"set", "locked"}
}
