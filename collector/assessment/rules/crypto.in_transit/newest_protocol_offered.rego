# METADATA
# title: Every listener speaks the newest protocol
# description: Every listener with TLS accepts its newest version.
# custom:
#   id: crypto.in_transit.newest_protocol_offered
#   kind: crypto.in_transit
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: supporting
#   - id: A.5.14
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: TLS 1.3 leaves no weak choices and protects what was recorded earlier.
#   fix: Update the library of the server, or take TLS 1.3 off the list of what it refuses.
#   parameters:
#     newest: "TLSv1.3"
package exhibit.crypto.in_transit.newest_protocol_offered

default verdict := "error"

default message := "listeners could not be asked for TLS, or one did not tell its versions"

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

message := "no listener here speaks TLS" if {
	verdict == "not_applicable"
	input.body.probed == true
}

# Nobody allowed it, which an outcome of the run tells too. What was not asked is no reason to doubt it.
message := "no listener was asked for TLS, which the plugin does only when it is allowed to" if {
	verdict == "not_applicable"
	input.body.probed == false
}

message := "every listener accepts the newest version" if verdict == "pass"

message := "listeners do not accept the newest version" if verdict == "fail"

not_applicable if {
	is_array(input.body.endpoints)
	is_boolean(input.body.probed)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.endpoints)
	input.body.probed == true
	every endpoint in judged {
		is_array(endpoint.versions)
		count(endpoint.versions) > 0
	}
}

items contains {"id": id, "why": why} if {
	some endpoint in judged
	is_array(endpoint.versions)
	count(endpoint.versions) > 0
	not input.parameters.newest in endpoint.versions
	id := endpoint.id
	why := sprintf("accepts only %v", [concat(", ", endpoint.versions)])
}

judged contains endpoint if {
	is_array(input.body.endpoints)
	some endpoint in input.body.endpoints
	endpoint.protocol == "tls"
}
