package exhibit.identity.privileged_grants.rights_come_by_group_test

import data.exhibit.identity.privileged_grants.rights_come_by_group as rule

document(body) := object.union({
	"kind": "identity.privileged_grants",
	"target": "host:h",
	"parameters": {"exceptions": ["root"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"complete": true,
	"mechanisms": ["sudo"],
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
			"via": "sudo",
			"principal": {"type": "account", "name": "root"},
			"members": ["alice"],
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({
	"complete": true,
	"mechanisms": ["sudo"],
	"grants": [
		{
			"id": "b",
			"via": "sudo",
			"principal": {"type": "account", "name": "bob"},
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

not_applicable_input := document({"complete": true, "mechanisms": ["iam"], "grants": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"complete": false, "mechanisms": ["sudo"], "grants": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

granted(changes) := document({"complete": true, "mechanisms": ["sudo"], "grants": [object.union(
	{"id": "g", "via": "sudo", "principal": {"type": "account", "name": "a"}, "members": ["a"], "full": true, "authentication_required": false, "source": "f:1"},
	changes,
)]})

test_pass_not_by_sudo_or_not_full if {
	rule.verdict == "fail" with input as granted({})
	rule.verdict == "pass" with input as granted({"full": false})
	rule.verdict == "pass" with input as granted({"via": "uid0"})
	rule.verdict == "error" with input as document({"complete": false, "mechanisms": [], "grants": []})
}
