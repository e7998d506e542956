# METADATA
# title: SSH lets in only whom it names
# description: The SSH server names the accounts or groups that may sign in.
# custom:
#   id: identity.sign_in_policy.ssh_lets_named_accounts_in
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.5.15
#     relation: supporting
#   - id: A.8.3
#     relation: context
#   severity: low
#   freshness: 168
#   why: Without a list every account with a shell is a door, also the one that a package made
#     last night.
#   fix: Set AllowGroups (or AllowUsers) to those who need it and reload the server.
package exhibit.identity.sign_in_policy.ssh_lets_named_accounts_in

default verdict := "error"

default message := "the effective settings of the SSH server could not be read"

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

message := "SSH lets in only whom it names" if verdict == "pass"

message := "SSH lets in every account" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	is_string(input.body.ssh.settings_from)
	is_object(input.body.ssh.settings)
}

items contains {"id": "allowgroups", "why": "neither AllowGroups nor AllowUsers is set"} if {
	is_string(input.body.ssh.settings_from)
	is_object(input.body.ssh.settings)
	every keyword in ["allowusers", "allowgroups"] {
		trim_space(object.get(input.body.ssh.settings, keyword, "")) in {"", "*"}
	}
}
