package exhibit.identity.sign_in_policy.ssh_grace_short_test

import data.exhibit.identity.sign_in_policy.ssh_grace_short as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {"max_seconds": 60},
	"body": body,
}

ids := {item.id | some item in rule.items}

server(settings) := document({"ssh": {"installed": true, "settings_from": "sshd -T", "settings": settings, "matches": []}})

test_pass if {
	rule.verdict == "pass" with input as server({"logingracetime": "60"})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"logingracetime"} with input as fail_input
	rule.verdict == "fail" with input as server({"logingracetime": "0"})
}

fail_input := server({"logingracetime": "61"})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"ssh": null})
	rule.verdict == "not_applicable" with input as document({"ssh": {"installed": false, "settings": {}, "matches": []}})
}

test_malformed if {
	rule.verdict == "error" with input as server({})
	rule.verdict == "error" with input as server({"logingracetime": "a while"})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
