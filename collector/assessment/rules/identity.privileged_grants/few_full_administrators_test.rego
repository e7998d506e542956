package exhibit.identity.privileged_grants.few_full_administrators_test

import data.exhibit.identity.privileged_grants.few_full_administrators as rule

document(body) := object.union({"kind": "identity.privileged_grants", "target": "host:h", "parameters": {"max": 5}}, {"body": body})

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
		{
			"id": "r",
			"via": "uid0",
			"principal": {"type": "group", "name": "sudo"},
			"members": ["root"],
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a", "b", "c", "d", "e", "f"} with input as fail_input
}

fail_input := document({
	"complete": true,
	"grants": [
		{
			"id": "g",
			"via": "sudo",
			"principal": {"type": "group", "name": "sudo"},
			"members": ["a", "b", "c", "d", "e", "f"],
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

malformed_input := document({
	"complete": true,
	"grants": [
		{
			"id": "g",
			"via": "sudo",
			"principal": {"type": "group", "name": "sudo"},
			"members": null,
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"complete": false, "grants": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

granted(changes) := document({"complete": true, "mechanisms": ["sudo"], "grants": [object.union(
	{"id": "g", "via": "sudo", "principal": {"type": "account", "name": "a"}, "members": ["a"], "full": true, "authentication_required": false, "source": "f:1"},
	changes,
)]})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as granted({"members": ["a", "b", "c", "d", "e"]})
	rule.verdict == "pass" with input as granted({"members": ["a", "b", "c", "d", "e", "root"]})
	rule.verdict == "pass" with input as granted({"full": false, "members": ["a", "b", "c", "d", "e", "f"]})
	rule.verdict == "pass" with input as granted({"via": "uid0", "members": ["a", "b", "c", "d", "e", "f"]})
	rule.verdict == "fail" with input as granted({"members": ["a", "b", "c", "d", "e", "f"]})
}
