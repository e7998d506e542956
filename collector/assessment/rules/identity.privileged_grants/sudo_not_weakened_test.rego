package exhibit.identity.privileged_grants.sudo_not_weakened_test

import data.exhibit.identity.privileged_grants.sudo_not_weakened as rule

document(body) := object.union({
	"kind": "identity.privileged_grants",
	"target": "host:h",
	"parameters": {
		"weak": {
			"authenticate": "false",
			"env_reset": "false",
			"use_pty": "false",
			"visiblepw": "true",
			"syslog": "false",
		},
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"complete": true,
	"mechanisms": ["sudo"],
	"settings": [{"name": "use_pty", "scope": "", "value": "true", "source": "f:1"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"env_reset=false"} with input as fail_input
}

fail_input := document({
	"complete": true,
	"mechanisms": ["sudo"],
	"settings": [{"name": "env_reset", "scope": "", "value": "false", "source": "f:1"}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"complete": true, "mechanisms": ["iam"], "settings": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"complete": false, "mechanisms": ["sudo"], "settings": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_incomplete_and_no_sudo if {
	rule.verdict == "error" with input as document({"complete": false, "mechanisms": [], "settings": []})
	rule.verdict == "not_applicable" with input as document({"complete": true, "mechanisms": [], "settings": []})
}
