package exhibit.crypto.in_transit.shown_certificates_valid_test

import data.exhibit.crypto.in_transit.shown_certificates_valid as rule

document(body) := object.union({
	"kind": "crypto.in_transit",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"endpoints": [
		{
			"id": "a",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": ["TLS_AES_256_GCM_SHA384"],
			"key_exchanges": null,
			"macs": null,
			"host_key_algorithms": null,
			"certificate": {"fingerprint": "5f", "subject": "CN=x", "not_after": "2026-11-22T10:00:01Z"},
		},
	],
	"policies": [],
	"probed": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({
	"endpoints": [
		{
			"id": "a",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": ["TLS_AES_256_GCM_SHA384"],
			"key_exchanges": null,
			"macs": null,
			"host_key_algorithms": null,
			"certificate": {
				"fingerprint": "5f",
				"subject": "CN=www.example.org",
				"not_after": "2026-12-30T00:00:00Z",
			},
		},
		{
			"id": "b",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": ["TLS_AES_256_GCM_SHA384"],
			"key_exchanges": null,
			"macs": null,
			"host_key_algorithms": null,
			"certificate": {"fingerprint": "5f", "subject": "CN=x", "not_after": "2026-11-22T10:00:00Z"},
		},
	],
	"policies": [],
	"probed": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"endpoints": [], "policies": [], "probed": true})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"endpoints": [
		{
			"id": "ssh",
			"protocol": "ssh",
			"seen_by": "sshd -T",
			"versions": null,
			"ciphers": ["chacha20-poly1305@openssh.com"],
			"key_exchanges": ["curve25519-sha256"],
			"macs": ["umac-128-etm@openssh.com"],
			"host_key_algorithms": ["ssh-ed25519"],
			"certificate": null,
		},
	],
	"policies": [],
	"probed": true,
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"endpoints": [
		{
			"id": "a",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": ["TLS_AES_256_GCM_SHA384"],
			"key_exchanges": null,
			"macs": null,
			"host_key_algorithms": null,
			"certificate": {"fingerprint": "5f", "subject": "CN=x", "not_after": null},
		},
	],
	"policies": [],
	"probed": true,
})

test_not_applicable_not_asked if {
	rule.verdict == "not_applicable" with input as not_applicable_not_asked_input
	contains(rule.message, "only when it is allowed to") with input as not_applicable_not_asked_input
}

not_applicable_not_asked_input := document({"endpoints": [], "policies": [], "probed": false})

test_malformed_not_said if {
	rule.verdict == "error" with input as malformed_not_said_input
}

malformed_not_said_input := document({"endpoints": [], "policies": [], "probed": null})

test_malformed_without_endpoints if {
	rule.verdict == "error" with input as malformed_without_endpoints_input
}

malformed_without_endpoints_input := document({"endpoints": null, "policies": [], "probed": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

shown(not_after) := document({"endpoints": [{"id": "127.0.0.1:443", "protocol": "tls", "certificate": {"subject": "CN=a", "not_after": not_after}}], "policies": [], "probed": true})

test_pass_until_the_end if {
	rule.verdict == "pass" with input as shown("2026-11-22T10:00:01Z")
	rule.verdict == "fail" with input as shown("2026-11-22T10:00:00Z")
}

test_fail_at_the_end if {
	rule.verdict == "fail" with input as fail_at_the_end_input
}

fail_at_the_end_input := shown("2026-11-22T10:00:00Z")
