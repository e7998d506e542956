# METADATA
# title: No listener speaks an outdated protocol
# description: No listener accepts a version of SSL or TLS that is given up.
# custom:
#   id: crypto.in_transit.no_old_protocols
#   kind: crypto.in_transit
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: supporting
#   - id: A.5.14
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: Outdated versions have known breaks, and an attacker may talk both sides into them.
#   fix: Set the lowest version to TLS 1.2 in the server and reload it.
#   parameters:
#     outdated: ["SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"]
package exhibit.crypto.in_transit.no_old_protocols

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

message := "no listener accepts an outdated version" if verdict == "pass"

message := "listeners accept outdated versions" if verdict == "fail"

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
	some version in endpoint.versions
	version in input.parameters.outdated
	id := endpoint.id
	why := sprintf("accepts %v", [version])
}

judged contains endpoint if {
	is_array(input.body.endpoints)
	some endpoint in input.body.endpoints
	endpoint.protocol == "tls"
}
