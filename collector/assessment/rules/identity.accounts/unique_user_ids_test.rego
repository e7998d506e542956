package exhibit.identity.accounts.unique_user_ids_test

import data.exhibit.identity.accounts.unique_user_ids as rule

document(body) := object.union({"kind": "identity.accounts", "target": "host:h", "parameters": {}}, {"body": body})

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
		},
		{
			"name": "b",
			"uid": 1001,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a, b"} with input as fail_input
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
		},
		{
			"name": "b",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
		},
		{
			"name": "c",
			"uid": 3,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
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
			"uid": null,
			"type": "person",
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

malformed_input := document({"accounts": [{"name": "a"}]})

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
