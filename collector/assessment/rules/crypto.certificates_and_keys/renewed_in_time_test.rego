package exhibit.crypto.certificates_and_keys.renewed_in_time_test

import data.exhibit.crypto.certificates_and_keys.renewed_in_time as rule

document(body) := object.union({
	"kind": "crypto.certificates_and_keys",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"min_days": 14, "only_used": true, "exceptions": []},
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
	],
	"keys": [],
	"trust": null,
	"complete": true,
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
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
			"not_after": "2026-12-06T10:00:00Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": false,
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
			"not_after": "2026-12-06T09:59:59Z",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": false,
			"authority": false,
			"chain": 1,
			"renewed_by": null,
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
			"not_after": "never",
			"signature": "sha256WithRSAEncryption",
			"key_algorithm": "ec",
			"key_bits": 256,
			"self_signed": false,
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

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-12-16T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-12-16T00:00:01Z"})

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

offence := {"not_after": "2026-12-06T09:59:59Z"}

test_pass_expired_is_told_elsewhere if {
	rule.verdict == "pass" with input as certificate({"not_after": "2026-11-22T10:00:00Z"})
	rule.verdict == "fail" with input as certificate({"not_after": "2026-11-22T10:00:01Z"})
}
