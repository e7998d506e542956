package exhibit.resilience.redundancy.groups_healthy_test

import data.exhibit.resilience.redundancy.groups_healthy as rule

document(body) := {
	"kind": "resilience.redundancy",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"groups": [
		{
			"id": "md:md0",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 2,
			"tolerates": 1,
			"state": "healthy",
			"settings": {},
			"source": "x",
		},
		{
			"id": "md:md1",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 2,
			"tolerates": 1,
			"state": "rebuilding",
			"settings": {},
			"source": "x",
		},
		{
			"id": "k",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 2,
			"tolerates": 1,
			"state": "configured",
			"settings": {},
			"source": "x",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"md:md0"} with input as fail_input
}

fail_input := document({
	"groups": [
		{
			"id": "md:md0",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 1,
			"tolerates": 1,
			"state": "degraded",
			"settings": {},
			"source": "x",
		},
		{
			"id": "x",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 2,
			"tolerates": 1,
			"state": "unknown",
			"settings": {},
			"source": "x",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"groups": []})

test_malformed_unknown if {
	rule.verdict == "error" with input as document({
	"groups": [
		{
			"id": "md:md0",
			"kind": "storage",
			"technology": "md",
			"mode": "raid1",
			"members": 2,
			"healthy": 2,
			"tolerates": 1,
			"state": "unknown",
			"settings": {},
			"source": "x",
		},
	],
})
	rule.verdict == "error" with input as document({"groups": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

group(changes) := document({"groups": [object.union({"id": "md:md0", "kind": "storage", "members": 2, "healthy": 2, "state": "rebuilding"}, changes)]})

test_fail_being_rebuilt if {
	rule.verdict == "fail" with input as fail_being_rebuilt_input
	ids == {"md:md0"} with input as fail_being_rebuilt_input
	rule.verdict == "pass" with input as group({})
	rule.verdict == "error" with input as group({"healthy": null})
	rule.verdict == "error" with input as group({"members": null})
}

fail_being_rebuilt_input := group({"healthy": 1})
