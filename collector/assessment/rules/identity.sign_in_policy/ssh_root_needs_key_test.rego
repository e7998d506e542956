package exhibit.identity.sign_in_policy.ssh_root_needs_key_test

import data.exhibit.identity.sign_in_policy.ssh_root_needs_key as rule

document(body) := object.union({
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {"allowed": ["no", "prohibit-password", "without-password", "forced-commands-only"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"permitrootlogin": "no"},
		"matches": [],
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"permitrootlogin"} with input as fail_input
}

fail_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"permitrootlogin": "yes"},
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
		"settings": {"permitrootlogin": "no"},
		"matches": [{"criteria": "User bob", "settings": {"permitrootlogin": "yes"}, "source": "f:9"}],
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

test_fail_in_capitals if {
	rule.verdict == "fail" with input as document({"ssh": server({"permitrootlogin": "YES"})})
	rule.verdict == "pass" with input as document({"ssh": server({"permitrootlogin": "No"})})
	rule.verdict == "error" with input as document({"ssh": object.union(server({"permitrootlogin": "no"}), {"matches": null})})
}

test_pass_allowed_for_some if {
	rule.verdict == "pass" with input as document({"ssh": server_with_match({"permitrootlogin": "no"}, {"permitrootlogin": "Prohibit-Password"})})
	rule.verdict == "fail" with input as document({"ssh": server_with_match({"permitrootlogin": "no"}, {"permitrootlogin": "yes"})})
}
