# METADATA
# title: The superuser cannot sign in by password over SSH
# description: PermitRootLogin has one of the allowed values, also in Match blocks.
# custom:
#   id: identity.sign_in_policy.ssh_root_needs_key
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: direct
#   - id: A.8.2
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: Every intruder knows the name root, so its password is the one that is guessed day and
#     night.
#   fix: Set PermitRootLogin no (or prohibit-password) in sshd_config and reload the server.
#   parameters:
#     allowed: ["no", "prohibit-password", "without-password", "forced-commands-only"]
package exhibit.identity.sign_in_policy.ssh_root_needs_key

# Direct on A.8.5: how the most powerful account authenticates is what the control asks about first.
# Supporting on A.8.2.

default verdict := "error"

default message := "the effective setting permitrootlogin of the SSH server could not be read"

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

message := "the superuser cannot sign in by password" if verdict == "pass"

message := "the SSH server is set otherwise" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	is_string(input.body.ssh.settings.permitrootlogin)
	is_array(input.body.ssh.matches)
}

items contains {"id": "permitrootlogin", "why": why} if {
	value := input.body.ssh.settings.permitrootlogin
	not lower(value) in input.parameters.allowed
	why := sprintf("is %v", [value])
}

items contains {"id": block.criteria, "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	value := block.settings.permitrootlogin
	not lower(value) in input.parameters.allowed
	why := sprintf("is %v (%v)", [value, block.source])
}
