package exhibit.config.desired_state.runs_succeed_test

import data.exhibit.config.desired_state.runs_succeed as rule

document(body) := object.union({
	"kind": "config.desired_state",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": "changed",
			"version": "17",
			"changed": 4,
			"failed": 0,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"puppet"} with input as fail_input
}

fail_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": "failed",
			"version": "17",
			"changed": 0,
			"failed": 2,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_fail_by_count if {
	rule.verdict == "fail" with input as fail_by_count_input
	ids == {"puppet"} with input as fail_by_count_input
}

fail_by_count_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 1,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"managers": [], "image": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": null,
			"version": "17",
			"changed": 0,
			"failed": null,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_malformed_without_managers if {
	rule.verdict == "error" with input as malformed_without_managers_input
}

malformed_without_managers_input := document({"managers": null, "image": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

manager(changes) := document({"managers": [object.union({"name": "puppet", "last_result": "unchanged", "failed": 0, "total": 9}, changes)], "image": null})

test_fail_each_way if {
	rule.verdict == "pass" with input as manager({})
	rule.verdict == "pass" with input as manager({"last_result": "changed", "failed": null})
	rule.verdict == "fail" with input as manager({"last_result": "failed", "failed": null})
	rule.verdict == "fail" with input as manager({"last_result": "changed", "failed": 1})
	rule.verdict == "error" with input as manager({"last_result": null, "failed": null})
}
