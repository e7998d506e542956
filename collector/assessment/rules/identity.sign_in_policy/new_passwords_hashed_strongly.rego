# METADATA
# title: New passwords are hashed by a strong scheme
# description: The scheme for new passwords is on the list of strong ones.
# custom:
#   id: identity.sign_in_policy.new_passwords_hashed_strongly
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: The scheme decides how long a stolen password file keeps its secrets.
#   fix: Set ENCRYPT_METHOD YESCRYPT in /etc/login.defs and yescrypt on the pam_unix password line.
#   parameters:
#     strong: ["yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "sha512crypt", "sha512"]
package exhibit.identity.sign_in_policy.new_passwords_hashed_strongly

default verdict := "error"

default message := "the scheme for new passwords could not be determined"

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

message := "passwords are not set here" if verdict == "not_applicable"

message := "new passwords are hashed by a strong scheme" if verdict == "pass"

message := "new passwords are hashed by a weak scheme" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.password_rules.hash_scheme == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_string(input.body.password_rules.hash_scheme)

items contains {"id": scheme, "why": "is not on the list of strong schemes"} if {
	scheme := input.body.password_rules.hash_scheme
	is_string(scheme)
	not lower(scheme) in input.parameters.strong
}
