package exhibit.crypto.in_transit.no_weak_ciphers_test

import data.exhibit.crypto.in_transit.no_weak_ciphers as rule

document(body) := object.union({
	"kind": "crypto.in_transit",
	"target": "host:h",
	"parameters": {
		"weak": [
			"NULL",
			"EXPORT",
			"RC4",
			"ARCFOUR",
			"RC2",
			"3DES",
			"DES-CBC",
			"IDEA",
			"SEED",
			"BLOWFISH",
			"CAST128",
			"MD5",
			"ADH",
			"AECDH",
		],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
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
		{
			"id": "c",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": null,
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
	ids == {"a", "ssh"} with input as fail_input
}

fail_input := document({
	"endpoints": [
		{
			"id": "ssh",
			"protocol": "ssh",
			"seen_by": "sshd -T",
			"versions": null,
			"ciphers": ["3des-cbc", "aes256-ctr"],
			"key_exchanges": ["curve25519-sha256"],
			"macs": ["umac-128-etm@openssh.com"],
			"host_key_algorithms": ["ssh-ed25519"],
			"certificate": null,
		},
		{
			"id": "a",
			"protocol": "tls",
			"seen_by": "handshake",
			"versions": ["TLSv1.2", "TLSv1.3"],
			"ciphers": ["ECDHE-RSA-RC4-SHA"],
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

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"endpoints": [], "policies": [], "probed": true})

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
			"ciphers": "all",
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

test_malformed_without_endpoints if {
	rule.verdict == "error" with input as malformed_without_endpoints_input
}

malformed_without_endpoints_input := document({"endpoints": null, "policies": [], "probed": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

endpoint(probed) := document({"endpoints": [{"id": "ssh", "protocol": "ssh", "ciphers": ["aes256-gcm@openssh.com"]}], "policies": [], "probed": probed})

test_pass_says_what_was_not_asked if {
	rule.verdict == "pass" with input as endpoint(false)
	rule.message == "no weak cipher is set; listeners were not asked what they offer" with input as endpoint(false)
	rule.message == "no weak cipher is offered" with input as endpoint(true)
}
