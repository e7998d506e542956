package exhibit.identity.sign_in_policy.ssh_lets_named_accounts_in_test

import data.exhibit.identity.sign_in_policy.ssh_lets_named_accounts_in as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

server(settings) := document({"ssh": {"installed": true, "settings_from": "sshd -T", "settings": settings, "matches": []}})

test_pass if {
	rule.verdict == "pass" with input as server({"allowusers": "ada bob"})
	rule.verdict == "pass" with input as server({"allowgroups": "ops"})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"allowgroups"} with input as fail_input
	rule.verdict == "fail" with input as server({"allowusers": "*"})
}

fail_input := server({"port": "22"})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"ssh": null})
	rule.verdict == "not_applicable" with input as document({"ssh": {"installed": false, "settings_from": null, "settings": {}, "matches": []}})
}

test_malformed if {
	rule.verdict == "error" with input as document({"ssh": {"installed": true, "settings_from": null, "settings": {}, "matches": []}})
	rule.verdict == "error" with input as document({"ssh": {"installed": true, "settings_from": "files", "settings": null, "matches": []}})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
