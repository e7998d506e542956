package exhibit.identity.sign_in_policy.ssh_no_passwords_test

import data.exhibit.identity.sign_in_policy.ssh_no_passwords as rule

document(body) := object.union({"kind": "identity.sign_in_policy", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"passwordauthentication": "no"},
		"matches": [],
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"passwordauthentication"} with input as fail_input
}

fail_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"passwordauthentication": "yes"},
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
		"settings": {"passwordauthentication": "no"},
		"matches": [
			{
				"criteria": "User bob",
				"settings": {"passwordauthentication": "yes"},
				"source": "f:9",
			},
		],
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

asks(changes) := document({"ssh": server(object.union(
	{"passwordauthentication": "no", "kbdinteractiveauthentication": "yes", "usepam": "yes", "authenticationmethods": "any"},
	changes,
))})

test_fail_pam_asks if {
	rule.verdict == "fail" with input as fail_pam_asks_input
	ids == {"kbdinteractiveauthentication"} with input as fail_pam_asks_input
	rule.verdict == "fail" with input as asks({"authenticationmethods": "publickey keyboard-interactive"})
}

fail_pam_asks_input := asks({})

test_fail_pam_asks_some if {
	rule.verdict == "fail" with input as fail_pam_asks_some_input
	ids == {"User bob"} with input as fail_pam_asks_some_input
}

fail_pam_asks_some_input := document({"ssh": server_with_match(
	{"passwordauthentication": "no", "kbdinteractiveauthentication": "no", "usepam": "yes"},
	{"kbdinteractiveauthentication": "yes"},
)})

test_pass_key_demanded_too if {
	rule.verdict == "pass" with input as asks({"authenticationmethods": "publickey,keyboard-interactive"})
	rule.verdict == "pass" with input as asks({"usepam": "no"})
	rule.verdict == "pass" with input as asks({"kbdinteractiveauthentication": "no"})
}

test_fail_in_capitals if {
	rule.verdict == "fail" with input as document({"ssh": server({"passwordauthentication": "Yes"})})
	count(rule.items) == 1 with input as asks({"passwordauthentication": "Yes"})
	rule.verdict == "error" with input as document({"ssh": server({"passwordauthentication": "maybe"})})
}

test_pass_switched_off_for_some if {
	rule.verdict == "pass" with input as document({"ssh": server_with_match({"passwordauthentication": "NO"}, {"passwordauthentication": "no"})})
}

test_pass_another_proof_demanded if {
	rule.verdict == "pass" with input as asks({"authenticationmethods": "gssapi-with-mic,keyboard-interactive"})
	rule.verdict == "pass" with input as asks({"authenticationmethods": "hostbased,keyboard-interactive publickey"})
	rule.verdict == "fail" with input as asks({"kbdinteractiveauthentication": "YES", "usepam": "Yes"})
	rule.verdict == "pass" with input as document({"ssh": server_with_match(
		{"passwordauthentication": "no", "kbdinteractiveauthentication": "no", "usepam": "no"},
		{"kbdinteractiveauthentication": "yes"},
	)})
	rule.verdict == "fail" with input as document({"ssh": server_with_match(
		{"passwordauthentication": "no", "kbdinteractiveauthentication": "no", "usepam": "yes"},
		{"kbdinteractiveauthentication": "Yes"},
	)})
}
