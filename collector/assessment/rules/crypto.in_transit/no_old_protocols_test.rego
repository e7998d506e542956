package exhibit.crypto.in_transit.no_old_protocols_test

import data.exhibit.crypto.in_transit.no_old_protocols as rule

document(body) := object.union({
	"kind": "crypto.in_transit",
	"target": "host:h",
	"parameters": {"outdated": ["SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"endpoints": [
		{
			"id": "127.0.0.1:443",
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
	],
	"policies": [],
	"probed": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"127.0.0.1:443"} with input as fail_input
}

fail_input := document({
	"endpoints": [
		{
			"id": "127.0.0.1:443",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.1", "TLSv1.2"],
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
			"certificate": {
				"fingerprint": "5f",
				"subject": "CN=www.example.org",
				"not_after": "2026-12-30T00:00:00Z",
			},
		},
	],
	"policies": [],
	"probed": true,
})

test_fail_though_not_all_was_asked if {
	rule.verdict == "fail" with input as fail_though_not_all_was_asked_input
	ids == {"a"} with input as fail_though_not_all_was_asked_input
}

fail_though_not_all_was_asked_input := document({
	"endpoints": [
		{
			"id": "a",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["SSLv3"],
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
	],
	"policies": [],
	"probed": false,
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
			"versions": null,
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

asked(versions) := document({"endpoints": [{"id": "127.0.0.1:443", "protocol": "tls", "versions": versions}], "policies": [], "probed": true})

test_malformed_versions_unknown if {
	rule.verdict == "error" with input as asked([])
	rule.verdict == "error" with input as asked(null)
	rule.verdict == "pass" with input as asked(["TLSv1.3"])
}
