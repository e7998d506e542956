# METADATA
# title: The packet filter comes back after a restart
# description: A program that loads the rules at start is switched on.
# custom:
#   id: network.firewall.filter_survives_restart
#   kind: network.firewall
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.9
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Rules typed by hand are gone after the next power cut, and nobody is told.
#   fix: Enable the program that owns the rules (systemctl enable nftables, or ufw enable).
package exhibit.network.firewall.filter_survives_restart

default verdict := "error"

default message := "whether a filter is in force, or whether its rules are loaded at start, could not be determined"

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

message := "no packet filter is in force" if verdict == "not_applicable"

message := "the packet filter comes back after a restart" if verdict == "pass"

message := "the packet filter is gone after a restart" if verdict == "fail"

not_applicable if input.body.active == false

not_applicable if {
	is_string(input.target)
	not startswith(input.target, "host:")
	input.body.engine == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.active == true
	is_array(input.body.front_ends)
	some front in input.body.front_ends
	front.enabled == true
}

items contains {"id": "front_ends", "why": "the rules in force are loaded by nothing at start"} if {
	input.body.active == true
	is_array(input.body.front_ends)
	every front in input.body.front_ends {
		front.enabled == false
	}
}
