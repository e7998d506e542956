package exhibit.identity.privileged_grants.no_rights_by_side_door_test

import data.exhibit.identity.privileged_grants.no_rights_by_side_door as rule

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
	"mechanisms": ["group"],
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
			"id": "d",
			"via": "group",
			"principal": {"type": "group", "name": "docker"},
			"members": [],
			"full": true,
			"authentication_required": true,
			"source": "/etc/sudoers:1",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"bob via docker"} with input as fail_input
}

fail_input := document({
	"complete": true,
	"mechanisms": ["group"],
	"grants": [
		{
			"id": "d",
			"via": "group",
			"principal": {"type": "group", "name": "docker"},
			"members": ["bob"],
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

malformed_input := document({"complete": false, "mechanisms": ["group"], "grants": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

door(changes) := document({"complete": true, "mechanisms": ["group"], "grants": [object.union(
	{"id": "d", "via": "group", "principal": {"type": "group", "name": "docker"}, "members": ["alice"], "full": true},
	changes,
)]})

test_malformed_members_unknown if {
	rule.verdict == "error" with input as door({"members": null})
	rule.verdict == "error" with input as object.union(door({"members": []}), {"body": {"complete": false}})
}

test_pass_lesser_group if {
	rule.verdict == "pass" with input as door({"full": false})
	rule.verdict == "pass" with input as door({"members": ["root"]})
	rule.verdict == "pass" with input as door({"via": "sudo"})
	rule.verdict == "fail" with input as door({})
}

test_malformed_incomplete_and_no_group if {
	rule.verdict == "error" with input as document({"complete": false, "mechanisms": ["sudo"], "grants": []})
}
