# METADATA
# title: An empty password lets nobody in
# description: No sign-in that PAM asks about takes an empty password.
# custom:
#   id: identity.sign_in_policy.empty_passwords_refused
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.5.17
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: An account whose password was emptied, by mistake or on purpose, is open at once where
#     empty ones are taken.
#   fix: Take nullok off the pam_unix lines (on Debian in the profile below /usr/share/pam-
#     configs, then pam-auth-update; on RHEL authselect enable-feature without-nullok).
package exhibit.identity.sign_in_policy.empty_passwords_refused

default verdict := "error"

default message := "whether an empty password lets somebody in could not be determined"

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

message := "passwords are not asked for here" if verdict == "not_applicable"

message := "an empty password lets nobody in" if verdict == "pass"

message := "an empty password lets somebody in" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.password_rules.empty_allowed == null
}

# What must be known before the absence of offending items means anything.
judgeable if input.body.password_rules.empty_allowed == false

items contains {"id": "empty_passwords", "why": "PAM takes an empty password (nullok)"} if {
	input.body.password_rules.empty_allowed == true
}
