# METADATA
# title: SSH allows few attempts per connection
# description: MaxAuthTries is not above the limit.
# custom:
#   id: identity.sign_in_policy.ssh_few_attempts
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Each further attempt makes guessing cheaper and fills the log more slowly.
#   fix: Set MaxAuthTries 4 and reload the server.
#   parameters:
#     max: 4
#   limits:
#     max: [1, 20]
package exhibit.identity.sign_in_policy.ssh_few_attempts

default verdict := "error"

default message := "the effective setting maxauthtries of the SSH server could not be read"

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

message := "SSH allows few attempts" if verdict == "pass"

message := "the SSH server is set otherwise" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	is_number(to_number(input.body.ssh.settings.maxauthtries))
	is_array(input.body.ssh.matches)
}

items contains {"id": "maxauthtries", "why": why} if {
	value := input.body.ssh.settings.maxauthtries
	to_number(value) > input.parameters.max
	why := sprintf("allows %v attempts", [value])
}

items contains {"id": block.criteria, "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	value := block.settings.maxauthtries
	to_number(value) > input.parameters.max
	why := sprintf("allows %v attempts (%v)", [value, block.source])
}
