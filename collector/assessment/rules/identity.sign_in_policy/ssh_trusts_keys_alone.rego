# METADATA
# title: SSH trusts neither other machines nor files of users
# description: The SSH server lets nobody in on the word of another machine, takes no
#   environment from files of users, and ignores files of keys that others may change.
# custom:
#   id: identity.sign_in_policy.ssh_trusts_keys_alone
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   - id: A.8.2
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Whoever takes over a machine that is trusted, or a file that is read, is in without a
#     password or a key.
#   fix: Set HostbasedAuthentication no, IgnoreRhosts yes, PermitUserEnvironment no and
#     StrictModes yes and reload the server.
#   parameters:
#     allowed: {"hostbasedauthentication": ["no"], "ignorerhosts": ["yes", "shosts-only"], "permituserenvironment": ["no"], "strictmodes": ["yes"]}
package exhibit.identity.sign_in_policy.ssh_trusts_keys_alone

default verdict := "error"

default message := "some effective setting of the SSH server could not be read"

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

message := "SSH trusts neither other machines nor files of users" if verdict == "pass"

message := "the SSH server is set otherwise" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.ssh.matches)
	every keyword, _ in input.parameters.allowed {
		is_string(input.body.ssh.settings[keyword])
	}
}

items contains {"id": keyword, "why": sprintf("is %v, allowed: %v", [value, concat(", ", allowed)])} if {
	some keyword, allowed in input.parameters.allowed
	value := input.body.ssh.settings[keyword]
	not lower(value) in allowed
}

items contains {"id": sprintf("%v: %v", [block.criteria, keyword]), "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	some keyword, allowed in input.parameters.allowed
	value := block.settings[keyword]
	not lower(value) in allowed
	why := sprintf("is %v (%v)", [value, block.source])
}
