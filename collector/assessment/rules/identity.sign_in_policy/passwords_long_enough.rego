# METADATA
# title: New passwords must be long enough
# description: A quality check is in force and demands at least the given length.
# custom:
#   id: identity.sign_in_policy.passwords_long_enough
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.5.17
#     relation: direct
#   - id: A.8.5
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Length is what makes a stolen password file hard to use.
#   fix: Install libpam-pwquality and set minlen = 12 in /etc/security/pwquality.conf.
#   parameters:
#     min_length: 12
#   limits:
#     min_length: [6, 128]
package exhibit.identity.sign_in_policy.passwords_long_enough

# Direct on A.5.17: that systems refuse weak passwords is the part of managing authentication
# information that works by itself.

default verdict := "error"

default message := "the rules for new passwords could not be determined"

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

message := "new passwords must be long enough" if verdict == "pass"

message := "new passwords may be too short" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.password_rules.enforced == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.password_rules.enforced == true
	is_number(input.body.password_rules.min_length)
}

items contains {"id": "password_rules", "why": "no quality check is in force for new passwords"} if {
	input.body.password_rules.enforced == false
}

items contains {"id": "min_length", "why": why} if {
	input.body.password_rules.enforced == true
	is_number(input.body.password_rules.min_length)
	input.body.password_rules.min_length < input.parameters.min_length
	why := sprintf("%d characters suffice", [input.body.password_rules.min_length])
}

items contains {"id": "min_length", "why": "no minimum length is set"} if {
	input.body.password_rules.enforced == true
	input.body.password_rules.min_length == null
}
