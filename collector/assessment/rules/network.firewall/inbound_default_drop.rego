# METADATA
# title: Inbound traffic that no rule names is dropped
# description: A packet filter is in force and refuses inbound traffic by default.
# custom:
#   id: network.firewall.inbound_default_drop
#   kind: network.firewall
#   controls:
#   - id: A.8.20
#     relation: direct
#   - id: A.8.22
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: With a closed default, a service started by mistake stays unreachable.
#   fix: Allow what is needed, then set the input policy to drop (ufw default deny incoming and
#     ufw enable, on RHEL systemctl enable --now firewalld).
package exhibit.network.firewall.inbound_default_drop

# Direct on A.8.20: what reaches a system from the network is controlled where the filter drops what
# nobody allowed. Supporting on A.8.22.

default verdict := "error"

default message := "what happens to inbound traffic could not be determined; reading the rules needs CAP_NET_ADMIN"

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

message := "this target has no packet filter of its own" if verdict == "not_applicable"

message := "inbound traffic is dropped by default" if verdict == "pass"

message := "inbound traffic passes by default" if verdict == "fail"

not_applicable if {
	is_string(input.target)
	not startswith(input.target, "host:")
	input.body.engine == null
}

# What must be known before the absence of offending items means anything.
judgeable if input.body.inbound_default == "drop"

items contains {"id": "input", "why": "a filter is in place and lets everything pass by default"} if {
	input.body.inbound_default == "accept"
}

items contains {"id": "input", "why": "no packet filter is in force"} if {
	input.body.inbound_default == "none"
}
