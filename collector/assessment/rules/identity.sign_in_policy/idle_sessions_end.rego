# METADATA
# title: Idle sessions end by themselves
# description: An idle limit is set and not above the given number of seconds.
# custom:
#   id: identity.sign_in_policy.idle_sessions_end
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: context
#   - id: A.7.7
#     relation: context
#   - id: A.8.1
#     relation: context
#   severity: low
#   freshness: 168
#   why: An open session on an unattended screen belongs to whoever walks by.
#   fix: Set a read-only TMOUT=900 in /etc/profile.d, or StopIdleSessionSec in logind.conf.
#   parameters:
#     max_seconds: 3600
#   limits:
#     max_seconds: [1, 86400]
package exhibit.identity.sign_in_policy.idle_sessions_end

default verdict := "error"

default message := "the limit for idle sessions could not be determined"

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

message := "there are no sessions here" if verdict == "not_applicable"

message := "idle sessions end by themselves" if verdict == "pass"

message := "idle sessions stay open too long" if verdict == "fail"

not_applicable if {
	input.body.ssh == null
	input.body.pam == null
	input.body.session.idle_timeout_seconds == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_number(input.body.session.idle_timeout_seconds)

items contains {"id": "idle_timeout", "why": why} if {
	seconds := input.body.session.idle_timeout_seconds
	seconds > input.parameters.max_seconds
	why := sprintf("idle sessions last %d seconds", [seconds])
}

items contains {"id": "idle_timeout", "why": "no idle limit is set"} if {
	input.body.session.idle_timeout_seconds in {null, 0}
}
