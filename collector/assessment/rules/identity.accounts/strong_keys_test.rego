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

test_malformed_list_cut_short if {
	rule.verdict == "error" with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files"]}})
	rule.verdict == "error" with input as object.union(not_applicable_input, {"body": {"complete": false, "sources": ["files", "systemd"]}})
	rule.verdict == "pass" with input as object.union(pass_input, {"body": {"complete": true, "sources": ["files"]}})
}

test_pass_beside_a_directory if {
	rule.verdict == "pass" with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files", "sss"]}})
	contains(rule.message, "directory") with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files", "sss"]}})
	not contains(rule.message, "directory") with input as pass_input
}

account(changes) := document({"accounts": [object.union(
	{
		"name": "a",
		"uid": 1000,
		"type": "person",
		"enabled": true,
		"login_allowed": true,
		"shell": "/bin/bash",
		"source": "files",
		"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		"credentials": [],
		"groups": [],
	},
	changes,
)]})

key(changes) := account({"credentials": [object.union({"type": "ssh_key", "id": "k", "enabled": true, "algorithm": "ssh-rsa", "bits": 2048, "source": "f:1"}, changes)]})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as key({})
	rule.verdict == "fail" with input as key({"bits": 2047})
	rule.verdict == "pass" with input as key({"algorithm": "ssh-ed25519", "bits": null})
}

test_malformed_size_unknown if {
	rule.verdict == "error" with input as key({"bits": null})
	rule.verdict == "fail" with input as key({"algorithm": "ssh-dss", "bits": null})
}

test_not_applicable_no_key_that_works if {
	rule.verdict == "not_applicable" with input as key({"enabled": false, "bits": 512})
	rule.verdict == "not_applicable" with input as key({"algorithm": null})
	rule.verdict == "not_applicable" with input as account({"enabled": false, "credentials": null})
	rule.verdict == "not_applicable" with input as account({"login_allowed": false, "credentials": null})
	rule.verdict == "error" with input as account({"credentials": null})
}
