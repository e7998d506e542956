# METADATA
# title: Remote desktops are encrypted and off where nobody needs them
# description: Every remote desktop that is switched on or runs is named in the rule pack and
#   demands TLS, as far as its settings tell.
# custom:
#   id: network.remote_access.desktops_protected
#   kind: network.remote_access
#   controls:
#   - id: A.6.7
#     relation: supporting
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.5
#     relation: context
#   severity: high
#   freshness: 50
#   why: A remote desktop gives everything that a keyboard gives, and is what attackers look for
#     first.
#   fix: Switch the service off, or name it under allowed, let it listen on loopback behind SSH or
#     a VPN, and for xrdp set security_layer=tls and crypt_level=high in /etc/xrdp/xrdp.ini.
#   parameters:
#     allowed: []
#     weak: {"security_layer": ["rdp", "negotiate"], "crypt_level": ["none", "low", "medium"]}
package exhibit.network.remote_access.desktops_protected

default verdict := "error"

default message := "whether some remote desktop is switched on is not known"

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

message := "no remote desktop is installed" if verdict == "not_applicable"

message := "no remote desktop is open that nobody named" if verdict == "pass"

message := "remote desktops are open" if verdict == "fail"

not_applicable if {
	is_array(input.body.ways)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.ways)
	every way in judged {
		is_boolean(way.enabled)
		is_boolean(way.active)
	}
}

items contains {"id": way.id, "why": "is switched on or runs, and the rule pack does not name it"} if {
	some way in judged
	open(way)
	not way.id in input.parameters.allowed
}

items contains {"id": way.id, "why": sprintf("its %v is %v", [key, value])} if {
	some way in judged
	open(way)
	some key, weak in input.parameters.weak
	value := lower(way.settings[key])
	value in weak
}

judged contains way if {
	is_array(input.body.ways)
	some way in input.body.ways
	way.kind == "desktop"
}

open(way) if way.enabled == true

open(way) if way.active == true
