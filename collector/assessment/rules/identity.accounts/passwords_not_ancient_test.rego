package exhibit.identity.accounts.passwords_not_ancient_test

import data.exhibit.identity.accounts.passwords_not_ancient as rule

document(body) := object.union({
	"kind": "identity.accounts",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 1095},
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
			"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2019-01-01"},
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
			"password": {"state": "locked", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
	],
})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({
	"accounts": [
		{
			"name": "r",
			"uid": 1000,
			"type": "system",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
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
			"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": null},
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2029-04-30T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2029-04-30T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
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

test_not_applicable_no_password_in_use if {
	rule.verdict == "not_applicable" with input as account({"password": {"state": "disabled", "last_changed": null}})
	rule.verdict == "not_applicable" with input as account({"enabled": false, "password": null})
	rule.verdict == "not_applicable" with input as account({"type": "system", "password": null})
	rule.verdict == "error" with input as account({"password": null})
}
