package exhibit.crypto.certificates_and_keys.trusted_authorities_known_test

import data.exhibit.crypto.certificates_and_keys.trusted_authorities_known as rule

document(body) := object.union({
	"kind": "crypto.certificates_and_keys",
	"target": "host:h",
	"parameters": {"known": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := object.union(document({
	"certificates": [],
	"keys": [],
	"trust": {
		"place": "/etc/ssl/certs",
		"count": 140,
		"added": [
			{
				"subject": "CN=Inc Root",
				"fingerprint": "aa",
				"not_after": "2036-01-01T00:00:00Z",
				"source": "/usr/local/share/x.crt",
			},
		],
	},
	"complete": true,
}), {"parameters": {"known": ["aa"]}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"aa", "bb"} with input as fail_input
}

fail_input := document({
	"certificates": [],
	"keys": [],
	"trust": {
		"place": "/etc/ssl/certs",
		"count": 140,
		"added": [
			{
				"subject": "CN=Inc Root",
				"fingerprint": "aa",
				"not_after": "2036-01-01T00:00:00Z",
				"source": "/usr/local/share/x.crt",
			},
			{
				"subject": "CN=Inc Root",
				"fingerprint": "bb",
				"not_after": "2036-01-01T00:00:00Z",
				"source": "/usr/local/share/x.crt",
			},
		],
	},
	"complete": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"certificates": [],
	"keys": [],
	"trust": {"place": "/etc/ssl/certs", "count": 140, "added": []},
	"complete": true,
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"certificates": [], "keys": [], "trust": null, "complete": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
