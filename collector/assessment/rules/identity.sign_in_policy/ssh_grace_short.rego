# METADATA
# title: SSH waits only shortly for a sign-in
# description: A connection that has not signed in is ended within the limit.
# custom:
#   id: identity.sign_in_policy.ssh_grace_short
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Connections that wait for nothing use up the places of those who want in, and give
#     guessing its time.
#   fix: Set LoginGraceTime 60 and reload the server.
#   parameters:
#     max_seconds: 60
#   limits:
#     max_seconds: [1, 3600]
package exhibit.identity.sign_in_policy.ssh_grace_short

default verdict := "error"

default message := "the effective setting logingracetime of the SSH server could not be read"

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

message := "there is no SSH server here" if verdict == "not_applicable"

message := "SSH waits only shortly for a sign-in" if verdict == "pass"

message := "SSH waits long for a sign-in" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if is_number(to_number(input.body.ssh.settings.logingracetime))

items contains {"id": "logingracetime", "why": sprintf("waits for %v seconds", [value])} if {
	value := input.body.ssh.settings.logingracetime
	to_number(value) > input.parameters.max_seconds
}

items contains {"id": "logingracetime", "why": "waits without an end"} if {
	to_number(input.body.ssh.settings.logingracetime) == 0
}
