# METADATA
# title: Every reachable service has a known owner
# description: Each listener that others can reach belongs to a process that came with a package or
#   a unit.
# custom:
#   id: network.services.listeners_have_owners
#   kind: network.services
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.20
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A port that nobody can explain is either forgotten or somebody else's.
#   fix: Find out what the process is; package it, give it a unit, or stop it.
package exhibit.network.services.listeners_have_owners

default verdict := "error"

default message := "the owner of some listener could not be seen; it needs the right to look into other accounts' processes"

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

message := "nothing accepts connections here" if verdict == "not_applicable"

message := "every reachable service has a known owner" if verdict == "pass"

message := "reachable services have no known owner" if verdict == "fail"

not_applicable if {
	is_array(input.body.listeners)
	count(input.body.listeners) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.owners_visible == true
	is_array(input.body.listeners)
	every listener in input.body.listeners {
		listener.exposure in {"loopback", "specific", "all", "internet"}
	}
}

items contains {"id": sprintf("%v/%d", [listener.protocol, listener.port]), "why": why} if {
	is_array(input.body.listeners)
	some listener in input.body.listeners
	listener.exposure != "loopback"
	is_string(listener.executable)
	listener.package == null
	listener.unit == null
	why := sprintf("%v belongs to no package and no unit", [listener.executable])
}
