package exhibit.backup.jobs.checks_recent_test

import data.exhibit.backup.jobs.checks_recent as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 35},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": {"time": "2026-11-01T00:00:00Z", "result": "success", "source": "x"},
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
		{
			"name": "b",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
	],
	"schedules": [],
})

test_fail_old if {
	rule.verdict == "fail" with input as fail_old_input
	ids == {"nightly"} with input as fail_old_input
}

fail_old_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": {"time": "2026-09-01T00:00:00Z", "result": "success", "source": "x"},
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
	],
	"schedules": [],
})

test_fail_damaged if {
	rule.verdict == "fail" with input as fail_damaged_input
	ids == {"nightly"} with input as fail_damaged_input
}

fail_damaged_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": {"time": "2026-11-21T00:00:00Z", "result": "failure", "source": "x"},
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
	],
	"schedules": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
		{
			"name": "btrfs:/srv",
			"type": "snapshots",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
	],
	"schedules": [],
})

test_malformed_unknown if {
	rule.verdict == "error" with input as document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": null,
			"held": null,
			"last_check": {"time": "yesterday", "result": "success", "source": "x"},
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [],
		},
	],
	"schedules": [],
})
	rule.verdict == "error" with input as document({"repositories": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-12-06T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-12-06T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

repository(changes) := object.union(
	{
		"name": "nightly",
		"type": "backups",
		"reachable": true,
		"off_site": false,
		"promised": null,
		"held": {"days": 7, "weeks": 5, "months": 3, "years": 2},
		"last_check": null,
		"append_only": null,
		"last_success": "2026-11-22T03:00:00Z",
		"unusable": 0,
		"unusable_named": [],
		"since": null,
		"oldest": "2025-01-01T00:00:00Z",
		"sources": [],
	},
	changes,
)

test_pass_check_still_runs if {
	rule.verdict == "pass" with input as document({"repositories": [repository({"last_check": {"time": "2026-11-22T09:00:00Z", "result": "running"}})]})
}

test_malformed_unreachable if {
	rule.verdict == "error" with input as document({"repositories": [repository({"reachable": false})]})
	rule.verdict == "error" with input as document({"repositories": [
		repository({"last_check": {"time": "2026-11-22T09:00:00Z", "result": "success"}}),
		repository({"name": "away", "reachable": false}),
	]})
}

test_malformed_result if {
	rule.verdict == "error" with input as document({"repositories": [repository({"last_check": {"time": "2026-11-22T09:00:00Z", "result": null}})]})
}
