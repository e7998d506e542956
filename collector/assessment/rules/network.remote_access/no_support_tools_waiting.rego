# METADATA
# title: No tool for support from outside waits
# description: Tools by which somebody else takes over the screen are neither switched on nor running.
# custom:
#   id: network.remote_access.no_support_tools_waiting
#   kind: network.remote_access
#   controls:
#   - id: A.6.7
#     relation: supporting
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.18
#     relation: context
#   severity: high
#   freshness: 50
#   why: Such a tool goes past firewall and sign-in, and is the first thing that an intruder installs.
#   fix: Remove the named tool, or start it for the hour in which somebody helps and stop it after.
package exhibit.network.remote_access.no_support_tools_waiting

default verdict := "error"

default message := "whether some tool is switched on or runs is not known"

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

message := "no tool for support from outside is installed" if verdict == "not_applicable"

message := "every tool for support is off" if verdict == "pass"

message := "tools for support wait" if verdict == "fail"

not_applicable if {
	is_array(input.body.ways)
	count(support) == 0
}

support contains way if {
	is_array(input.body.ways)
	some way in input.body.ways
	way.kind == "support"
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.ways)
	every way in support {
		is_boolean(way.enabled)
		way.active == false
	}
}

items contains {"id": way.id, "why": "is switched on"} if {
	some way in support
	way.enabled == true
}

items contains {"id": way.id, "why": "runs"} if {
	some way in support
	way.active == true
}
