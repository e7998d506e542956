package exhibit.identity.accounts.system_accounts_cannot_sign_in_test

import data.exhibit.identity.accounts.system_accounts_cannot_sign_in as rule

document(body) := object.union({
	"kind": "identity.accounts",
	"target": "host:h",
	"parameters": {"exceptions": ["root", "sync"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"accounts": [
		{
			"name": "root",
			"uid": 0,
			"type": "system",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
		},
		{
			"name": "www-data",
			"uid": 1000,
			"type": "system",
			"enabled": true,
			"login_allowed": false,
			"source": "files",
			"groups": [],
		},
		{
			"name": "postgres",
			"uid": 1000,
			"type": "system",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": {"state": "disabled", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
			"credentials": [],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"git"} with input as fail_input
}

fail_input := document({
	"accounts": [
		{
			"name": "git",
			"uid": 1000,
			"type": "service",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"shell": "/bin/sh",
			"password": {"state": "disabled", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
			"credentials": [{"id": "k", "type": "ssh_key", "enabled": true}],
		},
	],
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"app"} with input as fail_input_2
}

fail_input_2 := document({
	"accounts": [
		{
			"name": "app",
			"uid": 1000,
			"type": "service",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"shell": "/bin/sh",
			"password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2026-05-01"},
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"accounts": [
		{
			"name": "alice",
			"uid": 1000,
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

malformed_input := document({"accounts": [{"name": "x", "type": "system", "enabled": true}]})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
	"accounts": [
		{
			"name": "x",
			"uid": 1000,
			"type": "system",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"password": null,
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

service(changes) := account(object.union({"type": "service"}, changes))

test_fail_each_way if {
	rule.verdict == "fail" with input as service({})
	rule.verdict == "fail" with input as service({"password": {"state": "empty"}})
	rule.verdict == "fail" with input as service({"password": {"state": "locked"}, "credentials": [{"type": "ssh_key", "enabled": true}]})
	rule.verdict == "fail" with input as account({"type": "system"})
	some item in rule.items with input as service({"shell": null})
	item.why == "may open a session with a login by password" with input as service({"shell": null})
}

test_pass_closed if {
	rule.verdict == "pass" with input as service({"login_allowed": false})
	rule.verdict == "pass" with input as service({"password": {"state": "locked"}})
	rule.verdict == "pass" with input as service({"password": {"state": "disabled"}, "credentials": [{"type": "ssh_key", "enabled": false}]})
	rule.verdict == "pass" with input as service({"login_allowed": false, "credentials": [{"type": "ssh_key", "enabled": true}]})
}

test_not_applicable_disabled if {
	rule.verdict == "not_applicable" with input as service({"enabled": false})
	rule.verdict == "not_applicable" with input as service({"name": "root"})
	rule.verdict == "not_applicable" with input as account({})
}

test_malformed_half_known if {
	rule.verdict == "error" with input as service({"password": null})
	rule.verdict == "error" with input as service({"password": {"state": "locked"}, "credentials": null})
	rule.verdict == "error" with input as service({"password": {"state": "locked"}, "credentials": [{"type": "ssh_key", "enabled": null}]})
}
