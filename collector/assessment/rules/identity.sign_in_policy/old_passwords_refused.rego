# METADATA
# title: Old passwords are not taken again
# description: A new password may be none of the last ones.
# custom:
#   id: identity.sign_in_policy.old_passwords_refused
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.5.17
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Whoever must choose a new password goes back to the old one, and so does whoever stole
#     it.
#   fix: Put pam_pwhistory into the password stack with remember=5 (on RHEL authselect enable-
#     feature with-pwhistory).
#   parameters:
#     min: 5
#   limits:
#     min: [1, 400]
package exhibit.identity.sign_in_policy.old_passwords_refused

default verdict := "error"

default message := "whether old passwords are refused could not be determined"

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

message := "old passwords are not taken again" if verdict == "pass"

message := "old passwords are taken again" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.password_rules.enforced == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_number(input.body.password_rules.remembered)

items contains {"id": "remembered", "why": "nothing remembers old passwords"} if {
	is_boolean(input.body.password_rules.enforced)
	input.body.password_rules.remembered == null
}

items contains {"id": "remembered", "why": sprintf("only the last %d are refused", [input.body.password_rules.remembered])} if {
	is_number(input.body.password_rules.remembered)
	input.body.password_rules.remembered < input.parameters.min
}
