# METADATA
# title: No engine listens on the network unprotected
# description: No engine takes orders over the network without demanding certificates, and no
#   socket of one is open to every account.
# custom:
#   id: software.containers.engines_closed
#   kind: software.containers
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.3
#     relation: supporting
#   severity: critical
#   freshness: 48
#   why: Whoever may give an engine orders is root of its host.
#   fix: Take the tcp:// address out of the settings, or demand certificates (tlsverify); close
#     the socket to others.
#   parameters:
#     exceptions: []
package exhibit.software.containers.engines_closed

default verdict := "error"

default message := "the engines, or the settings of one, could not be read"

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

message := "no container engine is here" if verdict == "not_applicable"

message := "every engine is closed to strangers" if verdict == "pass"

message := "engines take orders from strangers" if verdict == "fail"

not_applicable if {
	is_array(input.body.engines)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.engines)
	every engine in judged {
		is_object(engine.settings)
		not engine.seen_by == "nothing"
	}
}

items contains {"id": id, "why": why} if {
	some engine in judged
	contains(engine.settings.hosts, "tcp:")
	not verified(engine.settings)
	id := engine.id
	why := sprintf("listens on %v without demanding certificates", [engine.settings.hosts])
}

items contains {"id": id, "why": why} if {
	some engine in judged
	regex.match("[2367]$", engine.settings.socket_mode)
	id := engine.id
	why := sprintf("its socket has mode %v: every account may use it", [engine.settings.socket_mode])
}

verified(settings) if settings.tlsverify == "true"

verified(settings) if contains(settings.hosts, "--tlsverify")

judged contains engine if {
	is_array(input.body.engines)
	some engine in input.body.engines
	not engine.id in input.parameters.exceptions
}
