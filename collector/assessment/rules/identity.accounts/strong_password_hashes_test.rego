package exhibit.identity.accounts.strong_password_hashes_test

import data.exhibit.identity.accounts.strong_password_hashes as rule

document(body) := object.union({
	"kind": "identity.accounts",
	"target": "host:h",
	"parameters": {
		"strong": ["yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "sha512crypt", "sha256crypt"],
	},
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
			"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
		{
			"name": "b",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "disabled", "hash_scheme": null, "last_changed": "2026-05-01"},
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
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
			"password": {"state": "set", "hash_scheme": "md5crypt", "last_changed": "2026-05-01"},
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"accounts": [
		{
			"name": "b",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "disabled", "hash_scheme": null, "last_changed": "2026-05-01"},
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
			"password": null,
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "set", "hash_scheme": null, "last_changed": "2026-05-01"},
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

test_fail_locked_hash_counts if {
	rule.verdict == "fail" with input as fail_locked_hash_counts_input
	rule.verdict == "not_applicable" with input as account({"password": {"state": "disabled", "hash_scheme": null}})
	rule.verdict == "not_applicable" with input as account({"source": "sss", "password": null})
	rule.verdict == "error" with input as account({"password": {"state": "set", "hash_scheme": null}})
}

fail_locked_hash_counts_input := account({"password": {"state": "locked", "hash_scheme": "md5crypt"}})
