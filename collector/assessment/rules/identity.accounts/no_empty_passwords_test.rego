package exhibit.identity.accounts.no_empty_passwords_test

import data.exhibit.identity.accounts.no_empty_passwords as rule

document(body) := object.union({"kind": "identity.accounts", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"accounts": [
		{
			"name": "alice",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
		{
			"name": "bin",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "disabled", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"alice"} with input as fail_input
}

fail_input := document({
	"accounts": [
		{
			"name": "alice",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "empty", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
		{
			"name": "bob",
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"accounts": []})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "ldap",
			"groups": [],
			"password": null,
		},
	],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"accounts": [
		{
			"name": "alice",
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
			"name": "alice",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "unknown", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
