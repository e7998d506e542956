package exhibit.crypto.certificates_and_keys.not_self_signed_test

import data.exhibit.crypto.certificates_and_keys.not_self_signed as rule

document(body) := object.union({
	"kind": "crypto.certificates_and_keys",
	"target": "host:h",
	"parameters": {"only_used": true, "exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"certificates": [
		{
			"fingerprint": "a",
			"places": ["/etc/x.pem"],
			"used_by": ["nginx"],
			"subject": "CN=www.example.org",
			"issuer": "CN=R11",
			"names": [],
			"names_total": 0,
			"serial": "03",
			"not_before": "2026-10-01T00:00:00Z",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": false,
			"authority": false,
			"chain": 1,
			"renewed_by": "certbot",
		},
		{
			"fingerprint": "b",
			"places": ["/etc/x.pem"],
			"used_by": [],
			"subject": "CN=www.example.org",
			"issuer": "CN=R11",
			"names": [],
			"names_total": 0,
			"serial": "03",
			"not_before": "2026-10-01T00:00:00Z",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": true,
			"authority": false,
			"chain": 1,
			"renewed_by": "certbot",
		},
	],
	"keys": [],
	"trust": null,
	"complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({
	"certificates": [
		{
			"fingerprint": "a",
			"places": ["/etc/x.pem"],
			"used_by": ["nginx"],
			"subject": "CN=www.example.org",
			"issuer": "CN=R11",
			"names": [],
			"names_total": 0,
			"serial": "03",
			"not_before": "2026-10-01T00:00:00Z",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": false,
			"authority": false,
			"chain": 1,
			"renewed_by": "certbot",
		},
		{
			"fingerprint": "b",
			"places": ["/etc/x.pem"],
			"used_by": ["nginx"],
			"subject": "CN=www.example.org",
			"issuer": "CN=R11",
			"names": [],
			"names_total": 0,
			"serial": "03",
			"not_before": "2026-10-01T00:00:00Z",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": true,
			"authority": false,
			"chain": 1,
			"renewed_by": "certbot",
		},
	],
	"keys": [],
	"trust": null,
	"complete": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"certificates": [], "keys": [], "trust": null, "complete": true})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"certificates": [
		{
			"fingerprint": "a",
			"places": ["/etc/x.pem"],
			"used_by": ["nginx"],
			"subject": "CN=www.example.org",
			"issuer": "CN=R11",
			"names": [],
			"names_total": 0,
			"serial": "03",
			"not_before": "2026-10-01T00:00:00Z",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": null,
			"authority": false,
			"chain": 1,
			"renewed_by": "certbot",
		},
	],
	"keys": [],
	"trust": null,
	"complete": true,
})

test_malformed_incomplete if {
	rule.verdict == "error" with input as malformed_incomplete_input
}

malformed_incomplete_input := document({"certificates": [], "keys": [], "trust": null, "complete": false})

test_malformed_without_certificates if {
	rule.verdict == "error" with input as malformed_without_certificates_input
}

malformed_without_certificates_input := document({"certificates": null, "keys": [], "trust": null, "complete": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

certificate(changes) := document({
	"certificates": [object.union(
		{
			"fingerprint": "f1",
			"used_by": ["nginx"],
			"subject": "CN=a",
			"not_after": "2026-12-30T00:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "rsa",
			"key_bits": 3072,
			"self_signed": false,
			"authority": false,
		},
		changes,
	)],
	"keys": [],
	"complete": true,
})

test_pass_excepted if {
	every name in ["CN=a", "f1"] {
		rule.verdict == "not_applicable" with input as object.union(certificate(offence), {"parameters": {"exceptions": [name]}})
	}
	rule.verdict == "fail" with input as certificate(offence)
	rule.verdict == "fail" with input as object.union(certificate(offence), {"parameters": {"exceptions": ["CN=b"]}})
}

test_fail_unused_where_the_pack_says_so if {
	rule.verdict == "not_applicable" with input as certificate(object.union(offence, {"used_by": []}))
	rule.verdict == "fail" with input as object.union(certificate(object.union(offence, {"used_by": []})), {"parameters": {"only_used": false}})
}

offence := {"self_signed": true}

test_fail_self_signed_that_may_sign if {
	rule.verdict == "fail" with input as certificate({"self_signed": true, "authority": true})
	rule.verdict == "pass" with input as object.union(certificate({"self_signed": true, "authority": true, "used_by": []}), {"parameters": {"only_used": false}})
}
