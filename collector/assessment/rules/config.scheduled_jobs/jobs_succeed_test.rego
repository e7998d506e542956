package exhibit.config.scheduled_jobs.jobs_succeed_test

import data.exhibit.config.scheduled_jobs.jobs_succeed as rule

document(body) := object.union({
	"kind": "config.scheduled_jobs",
	"target": "host:h",
	"parameters": {"exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"jobs": [
		{
			"type": "timer",
			"name": "a",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": "success",
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
		{
			"type": "timer",
			"name": "b",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": "running",
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
		{
			"type": "timer",
			"name": "c",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": null,
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
	],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({
	"jobs": [
		{
			"type": "timer",
			"name": "a",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": "success",
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
		{
			"type": "timer",
			"name": "b",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": "failure",
			"exit_code": 2,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
	],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"jobs": [
		{
			"type": "timer",
			"name": "c",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": null,
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
	],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"jobs": [
		{
			"type": "timer",
			"name": "a",
			"owner": "root",
			"schedule": "daily",
			"enabled": true,
			"command": "/usr/bin/x",
			"command_sha256": "00",
			"last_run": "2026-11-22T03:00:00Z",
			"last_result": "odd",
			"exit_code": 0,
			"next_run": null,
			"program_writable_by_others": false,
			"source": "/etc/x:1",
		},
	],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_malformed_without_jobs if {
	rule.verdict == "error" with input as malformed_without_jobs_input
}

malformed_without_jobs_input := document({
	"jobs": null,
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_not_applicable_excepted if {
	rule.verdict == "not_applicable" with input as object.union(
		document({"jobs": [{"name": "x.timer", "last_result": "failure"}], "schedulers": []}),
		{"parameters": {"exceptions": ["x.timer"]}},
	)
}
