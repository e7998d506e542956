# METADATA
# title: Common passwords are refused
# description: A new password is compared with words that everybody tries first.
# custom:
#   id: identity.sign_in_policy.common_passwords_refused
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.5.17
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A long password that stands on every list is guessed in the first minute.
#   fix: Install libpam-pwquality (on RHEL libpwquality) and leave dictcheck = 1 in
#     /etc/security/pwquality.conf.
package exhibit.identity.sign_in_policy.common_passwords_refused

default verdict := "error"

default message := "whether common passwords are refused could not be determined"

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

message := "common passwords are refused" if verdict == "pass"

message := "common passwords are taken" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.password_rules.enforced == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.password_rules.enforced == true
	input.body.password_rules.dictionary_check == true
}

items contains {"id": "dictionary_check", "why": "no quality check is in force for new passwords"} if {
	input.body.password_rules.enforced == false
}

items contains {"id": "dictionary_check", "why": "new passwords are compared with no dictionary"} if {
	input.body.password_rules.enforced == true
	input.body.password_rules.dictionary_check == false
}
