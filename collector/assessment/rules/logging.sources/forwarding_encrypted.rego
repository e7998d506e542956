# METADATA
# title: Records travel encrypted
# description: Every forwarding of records uses an encrypted connection.
# custom:
#   id: logging.sources.forwarding_encrypted
#   kind: logging.sources
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.5.14
#     relation: supporting
#   - id: A.8.24
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Records name people, systems and weaknesses, and a clear connection lets anyone change
#     them.
#   fix: "Use TLS (rsyslog: StreamDriverMode 1) or an encrypted tunnel for the named forwardings."
package exhibit.logging.sources.forwarding_encrypted

default verdict := "error"

default message := "whether some forwarding is encrypted could not be determined"

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

message := "records are not sent anywhere" if verdict == "not_applicable"

message := "records travel encrypted" if verdict == "pass"

message := "records travel in clear" if verdict == "fail"

not_applicable if {
	is_array(input.body.forwards)
	count(input.body.forwards) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	count(input.body.forwards) > 0
	is_array(input.body.forwards)
	every forward in input.body.forwards {
		is_boolean(forward.encrypted)
	}
}

items contains {"id": forward.destination, "why": why} if {
	is_array(input.body.forwards)
	some forward in input.body.forwards
	forward.encrypted == false
	why := sprintf("records go there by %v in clear", [forward.transport])
}
