# METADATA
# title: Failed attempts lock an account
# description: A lockout is in force and closes after no more attempts than the limit.
# custom:
#   id: identity.sign_in_policy.failed_attempts_lock
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Without a lock, guessing is only a matter of time.
#   fix: Set deny = 5 and unlock_time = 600 in /etc/security/faillock.conf and put pam_faillock into the
#     PAM stack (on RHEL authselect enable-feature with-faillock).
#   parameters:
#     max_attempts: 10
#   limits:
#     max_attempts: [1, 100]
package exhibit.identity.sign_in_policy.failed_attempts_lock

default verdict := "error"

default message := "whether failed attempts lock an account could not be determined"

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

message := "sign-in is not enforced here" if verdict == "not_applicable"

message := "failed attempts lock an account" if verdict == "pass"

message := "failed attempts do not lock an account soon enough" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.lockout.enforced == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.lockout.enforced == true
	is_number(input.body.lockout.attempts)
	input.body.lockout.attempts > 0
}

items contains {"id": "lockout", "why": "nothing locks an account after failed attempts"} if {
	input.body.lockout.enforced == false
}

items contains {"id": "lockout", "why": why} if {
	input.body.lockout.enforced == true
	input.body.lockout.attempts > input.parameters.max_attempts
	why := sprintf("locks only after %d attempts", [input.body.lockout.attempts])
}
