package exhibit.config.desired_state.runs_happen_test

import data.exhibit.config.desired_state.runs_happen as rule

document(body) := object.union({
	"kind": "config.desired_state",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_hours": 26},
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
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-21T08:00:00Z",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
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
			"last_run": "2026-11-21T07:59:59Z",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
		{
			"name": "salt",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
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

test_malformed_never_recorded if {
	rule.verdict == "error" with input as malformed_never_recorded_input
}

malformed_never_recorded_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": null,
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_malformed_no_time if {
	rule.verdict == "error" with input as malformed_no_time_input
}

malformed_no_time_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "yesterday",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
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

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-23T11:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-23T11:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
