package exhibit.config.desired_state.managers_work_test

import data.exhibit.config.desired_state.managers_work as rule

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

test_pass_by_schedule if {
	rule.verdict == "pass" with input as pass_by_schedule_input
}

pass_by_schedule_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": false,
			"enabled": false,
			"scheduled_by": ["/etc/cron.d/x"],
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

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"puppet", "salt"} with input as fail_input
}

fail_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": false,
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
			"no_operation": true,
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
			"active": null,
			"enabled": null,
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

test_malformed_without_managers if {
	rule.verdict == "error" with input as malformed_without_managers_input
}

malformed_without_managers_input := document({"managers": null, "image": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

manager(changes) := document({"managers": [object.union({"name": "puppet", "active": true, "enabled": true, "scheduled_by": [], "no_operation": false}, changes)], "image": null})

whys := {item.why | some item in rule.items}

test_fail_each_way if {
	rule.verdict == "pass" with input as manager({})
	whys == {"it does not start with the system and nothing else starts it"} with input as manager({"enabled": false})
	whys == {"its agent does not run and nothing starts it"} with input as manager({"active": false})
	whys == {"it reports only and changes nothing"} with input as manager({"no_operation": true})
	rule.verdict == "pass" with input as manager({"active": false, "enabled": false, "scheduled_by": ["puppet.timer"]})
	rule.verdict == "error" with input as manager({"active": null})
}
