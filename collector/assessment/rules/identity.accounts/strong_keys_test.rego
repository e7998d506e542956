package exhibit.identity.accounts.strong_keys_test

import data.exhibit.identity.accounts.strong_keys as rule

document(body) := object.union({
	"kind": "identity.accounts",
	"target": "host:h",
	"parameters": {"broken": ["ssh-dss", "ssh-rsa1"], "min_rsa_bits": 2048},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"credentials": [
				{
					"id": "k",
					"enabled": true,
					"algorithm": "ssh-ed25519",
					"bits": 256,
					"source": "f:1",
				},
			],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"k1", "k2"} with input as fail_input
}

fail_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"credentials": [
				{
					"id": "k1",
					"enabled": true,
					"algorithm": "ssh-rsa",
					"bits": 1024,
					"source": "f:1",
				},
				{
					"id": "k2",
					"enabled": true,
					"algorithm": "ssh-dss",
					"bits": 1024,
					"source": "f:2",
				},
			],
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"credentials": [],
		},
	],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"credentials": null,
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
