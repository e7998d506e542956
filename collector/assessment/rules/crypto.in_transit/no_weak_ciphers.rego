# METADATA
# title: No weak cipher is offered
# description: No cipher that a server is set to offer, or chose when asked, is on the list of
#   weak ones; a default of its program is not judged.
# custom:
#   id: crypto.in_transit.no_weak_ciphers
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
#   why: A connection is as strong as the weakest cipher that both sides accept.
#   fix: Take the named ciphers off the list of the server and reload it.
#   parameters:
#     weak: ["NULL", "EXPORT", "RC4", "ARCFOUR", "RC2", "3DES", "DES-CBC", "IDEA", "SEED", "BLOWFISH", "CAST128", "MD5", "ADH", "AECDH"]
package exhibit.crypto.in_transit.no_weak_ciphers

default verdict := "error"

default message := "the endpoints could not be read"

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

message := "no endpoint here tells its ciphers" if verdict == "not_applicable"

message := "no weak cipher is offered" if {
	verdict == "pass"
	not input.body.probed == false
}

# Of listeners that nobody asked only what files say is known.
message := "no weak cipher is set; listeners were not asked what they offer" if {
	verdict == "pass"
	input.body.probed == false
}

message := "weak ciphers are offered" if verdict == "fail"

not_applicable if {
	is_array(input.body.endpoints)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.endpoints)
	every endpoint in judged {
		is_array(endpoint.ciphers)
	}
}

items contains {"id": id, "why": why} if {
	some endpoint in judged
	is_array(endpoint.ciphers)
	some cipher in endpoint.ciphers
	some weak in input.parameters.weak
	contains(upper(cipher), weak)
	id := endpoint.id
	why := sprintf("offers %v", [cipher])
}

judged contains endpoint if {
	is_array(input.body.endpoints)
	some endpoint in input.body.endpoints
	endpoint.ciphers != null
}
