# METADATA
# title: Tunnels use strong cryptography
# description: No tunnel that settings describe names a weak cipher or hash, or one key that all
#   share.
# custom:
#   id: network.remote_access.vpns_strong
#   kind: network.remote_access
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   - id: A.6.7
#     relation: context
#   severity: high
#   freshness: 50
#   why: A tunnel with a weak cipher is a road with a fence that everybody can step over.
#   fix: For OpenVPN set data-ciphers AES-256-GCM:CHACHA20-POLY1305, take cipher and secret out
#     and use certificates; for IPsec name proposals with AES and SHA-2.
#   parameters:
#     weak: ["none", "null", "bf", "des", "3des", "des3", "rc2", "cast5", "blowfish", "md5", "modp768", "modp1024"]
package exhibit.network.remote_access.vpns_strong

default verdict := "error"

default message := "the ways in could not be read"

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

message := "no tunnel is described by settings here" if verdict == "not_applicable"

message := "no tunnel names weak cryptography" if verdict == "pass"

message := "tunnels name weak cryptography" if verdict == "fail"

not_applicable if {
	is_array(input.body.ways)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.ways)
	every way in judged {
		is_object(way.settings)
	}
}

items contains {"id": way.id, "why": sprintf("its %v names %v", [key, value])} if {
	some way in judged
	some key, value in way.settings
	cryptographic(key)
	some part in split(replace(replace(lower(value), ",", "-"), ":", "-"), "-")
	trim(part, "!? ") in input.parameters.weak
}

items contains {"id": way.id, "why": "one key for all who use it (secret)"} if {
	some way in judged
	way.technology == "openvpn"
	way.settings.secret
}

judged contains way if {
	is_array(input.body.ways)
	some way in input.body.ways
	way.kind == "vpn"
	is_object(way.settings)
	count(way.settings) > 0
}

cryptographic(key) if key in {"auth", "cipher", "data-ciphers", "ncp-ciphers", "esp", "ike", "ah"}

cryptographic(key) if endswith(key, "proposals")
