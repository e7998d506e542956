# METADATA
# title: SSH refuses empty passwords
# description: PermitEmptyPasswords is off, also in Match blocks.
# custom:
#   id: identity.sign_in_policy.ssh_no_empty_passwords
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: direct
#   severity: critical
#   freshness: 168
#   why: With it, an account without a password is open to the whole network.
#   fix: Set PermitEmptyPasswords no and reload the server.
package exhibit.identity.sign_in_policy.ssh_no_empty_passwords

# Direct on A.8.5: whether an empty password lets in is secure authentication itself, at one door.

default verdict := "error"

default message := "the effective setting permitemptypasswords of the SSH server could not be read"

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

message := "SSH refuses empty passwords" if verdict == "pass"

message := "the SSH server is set otherwise" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	lower(input.body.ssh.settings.permitemptypasswords) in {"yes", "no"}
	is_array(input.body.ssh.matches)
}

items contains {"id": "permitemptypasswords", "why": why} if {
	value := input.body.ssh.settings.permitemptypasswords
	lower(value) == "yes"
	why := sprintf("is %v", [value])
}

items contains {"id": block.criteria, "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	value := block.settings.permitemptypasswords
	lower(value) == "yes"
	why := sprintf("is %v (%v)", [value, block.source])
}
