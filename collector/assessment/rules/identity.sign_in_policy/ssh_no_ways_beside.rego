# METADATA
# title: SSH opens no further ways
# description: The SSH server forwards no screens, makes no tunnels and opens forwarded ports to
#   nobody else.
# custom:
#   id: identity.sign_in_policy.ssh_no_ways_beside
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.22
#     relation: context
#   severity: low
#   freshness: 168
#   why: A tunnel through SSH goes past the filter between two networks, and a forwarded screen
#     lets the far side read the keyboard.
#   fix: Set X11Forwarding no, PermitTunnel no and GatewayPorts no and reload the server; allow
#     single people more in a Match block that the rule pack names.
#   parameters:
#     allowed: {"x11forwarding": ["no"], "permittunnel": ["no"], "gatewayports": ["no"]}
package exhibit.identity.sign_in_policy.ssh_no_ways_beside

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

message := "SSH opens no further ways" if verdict == "pass"

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
