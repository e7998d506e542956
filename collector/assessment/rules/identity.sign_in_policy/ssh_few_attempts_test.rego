package exhibit.identity.sign_in_policy.ssh_few_attempts_test

import data.exhibit.identity.sign_in_policy.ssh_few_attempts as rule

document(body) := object.union({"kind": "identity.sign_in_policy", "target": "host:h", "parameters": {"max": 6}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"maxauthtries": "6"},
		"matches": [],
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"maxauthtries"} with input as fail_input
}

fail_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"maxauthtries": "10"},
		"matches": [],
	},
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"User bob"} with input as fail_input_2
}

fail_input_2 := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"maxauthtries": "6"},
		"matches": [{"criteria": "User bob", "settings": {"maxauthtries": "20"}, "source": "f:9"}],
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"ssh": null})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"ssh": {"installed": false, "settings_from": null, "settings": {}, "matches": []}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"ssh": {"installed": true, "settings_from": null, "settings": {}, "matches": []}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

server(settings) := {"installed": true, "settings_from": "sshd -T", "settings": settings, "matches": []}

server_with_match(settings, block) := object.union(server(settings), {"matches": [{"criteria": "User bob", "settings": block, "source": "/etc/ssh/sshd_config:9"}]})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as object.union(document({"ssh": server({"maxauthtries": "4"})}), {"parameters": {"max": 4}})
	rule.verdict == "fail" with input as object.union(document({"ssh": server({"maxauthtries": "5"})}), {"parameters": {"max": 4}})
	rule.verdict == "error" with input as document({"ssh": server({"maxauthtries": "few"})})
}

test_fail_in_a_match if {
	rule.verdict == "fail" with input as object.union(document({"ssh": server_with_match({"maxauthtries": "4"}, {"maxauthtries": "5"})}), {"parameters": {"max": 4}})
	rule.verdict == "pass" with input as object.union(document({"ssh": server_with_match({"maxauthtries": "4"}, {"maxauthtries": "4"})}), {"parameters": {"max": 4}})
}
