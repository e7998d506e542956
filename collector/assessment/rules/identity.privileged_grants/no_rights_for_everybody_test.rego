package exhibit.identity.privileged_grants.no_rights_for_everybody_test

import data.exhibit.identity.privileged_grants.no_rights_for_everybody as rule

document(body) := object.union({"kind": "identity.privileged_grants", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"complete": true,
	"grants": [
		{
			"id": "g",
			"via": "sudo",
			"principal": {"type": "group", "name": "sudo"},
			"members": ["alice"],
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"g"} with input as fail_input
}

fail_input := document({
	"complete": false,
	"grants": [
		{
			"id": "g",
			"via": "sudo",
			"principal": {"type": "everyone", "name": "ALL"},
			"members": ["alice"],
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"complete": true, "grants": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"complete": false, "grants": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

granted(changes) := document({"complete": true, "mechanisms": ["sudo"], "grants": [object.union(
	{"id": "g", "via": "sudo", "principal": {"type": "account", "name": "a"}, "members": ["a"], "full": true, "authentication_required": false, "source": "f:1"},
	changes,
)]})

test_pass_lesser_rights if {
	rule.verdict == "pass" with input as granted({"full": false, "principal": {"type": "everyone", "name": "ALL"}})
	rule.verdict == "fail" with input as granted({"principal": {"type": "everyone", "name": "ALL"}})
}
