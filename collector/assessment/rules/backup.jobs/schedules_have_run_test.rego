package exhibit.backup.jobs.schedules_have_run_test

import data.exhibit.backup.jobs.schedules_have_run as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 8},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"repositories": [],
	"schedules": [
		{
			"name": "restic.timer",
			"enabled": true,
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": null,
			"armed_since": "2026-01-01T00:00:00Z",
		},
		{
			"name": "new",
			"enabled": true,
			"last_run": null,
			"last_result": null,
			"armed_since": "2026-11-20T00:00:00Z",
		},
		{
			"name": "cron",
			"enabled": true,
			"last_run": null,
			"last_result": null,
			"armed_since": null,
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"restic.timer"} with input as fail_input
}

fail_input := document({
	"repositories": [],
	"schedules": [
		{
			"name": "restic.timer",
			"enabled": true,
			"last_run": null,
			"last_result": null,
			"armed_since": "2026-11-01T00:00:00Z",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"repositories": [],
	"schedules": [
		{
			"name": "restic.timer",
			"enabled": true,
			"last_run": null,
			"last_result": null,
			"armed_since": null,
		},
	],
})

test_malformed_unknown if {
	rule.verdict == "error" with input as document({
	"repositories": [],
	"schedules": [
		{
			"name": "restic.timer",
			"enabled": true,
			"last_run": null,
			"last_result": null,
			"armed_since": "long ago",
		},
	],
})
	rule.verdict == "error" with input as document({"schedules": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-28T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-28T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
