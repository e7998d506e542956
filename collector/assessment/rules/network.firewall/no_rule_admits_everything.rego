# METADATA
# title: No rule admits everything from everywhere
# description: No inbound rule accepts every port of every protocol from any address.
# custom:
#   id: network.firewall.no_rule_admits_everything
#   kind: network.firewall
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.22
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: One such rule undoes all others, whatever the default says.
#   fix: Replace the rule by ones that name the ports and the networks that need them.
package exhibit.network.firewall.no_rule_admits_everything

default verdict := "error"

default message := "the rules that let traffic in could not be read"

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

message := "no rule of a packet filter lets traffic in" if verdict == "not_applicable"

message := "no rule admits everything" if verdict == "pass"

message := "rules admit everything" if verdict == "fail"

not_applicable if {
	is_array(input.body.inbound_allowed)
	count(input.body.inbound_allowed) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.inbound_allowed)
	every rule in input.body.inbound_allowed {
		is_string(rule.source)
		is_string(rule.protocol)
	}
}

items contains {"id": rule.chain, "why": "accepts every port from any address"} if {
	is_array(input.body.inbound_allowed)
	some rule in input.body.inbound_allowed
	rule.source in {"any", "0.0.0.0/0", "::/0"}
	rule.protocol == "any"
	every_port(rule)
}

every_port(rule) if rule.port_from == null

every_port(rule) if {
	rule.port_from <= 1
	rule.port_to == 65535
}
