# METADATA
# title: A notice is shown before sign-in
# description: Whoever connects is told before the sign-in that only those may who are allowed.
# custom:
#   id: identity.sign_in_policy.notice_before_sign_in
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.5.10
#     relation: context
#   severity: low
#   freshness: 168
#   why: Where nobody was told that a system is not for everybody, it is harder to hold anybody to
#     it.
#   fix: Write the notice into /etc/issue and /etc/issue.net, set Banner /etc/issue.net in
#     sshd_config and reload the server.
package exhibit.identity.sign_in_policy.notice_before_sign_in

default verdict := "error"

default message := "whether a notice is shown could not be determined"

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

message := "nobody signs in here" if verdict == "not_applicable"

message := "a notice is shown before sign-in" if verdict == "pass"

message := "no notice is shown before sign-in" if verdict == "fail"

not_applicable if {
	input.body.pam == null
	input.body.session.notice_before_sign_in == null
}

# What must be known before the absence of offending items means anything.
judgeable if input.body.session.notice_before_sign_in == true

items contains {"id": "notice", "why": "no notice is shown before sign-in"} if {
	input.body.session.notice_before_sign_in == false
}
