package exhibit.backup.jobs.schedule_runs_test

import data.exhibit.backup.jobs.schedule_runs as rule

document(body) := object.union({"kind": "backup.jobs", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
	"schedules": [{"name": "restic.timer", "enabled": true, "last_result": "success"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"schedules"} with input as fail_input
}

fail_input := document({"repositories": [], "schedules": []})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"restic.timer"} with input as fail_input_2
}

fail_input_2 := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
	"schedules": [{"name": "restic.timer", "enabled": true, "last_result": "failure"}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
	"schedules": [],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
	"schedules": [{"name": "x", "enabled": null, "last_result": null}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

schedules(list) := document({"repositories": [{"name": "nightly"}], "schedules": list})

schedule(name, changes) := object.union(
	{"name": name, "tool": "restic", "action": "backup", "enabled": true, "last_result": "success"},
	changes,
)

test_pass_one_of_two_is_off if {
	rule.verdict == "pass" with input as schedules([schedule("a.timer", {"enabled": false}), schedule("cron", {})])
	rule.verdict == "pass" with input as schedules([schedule("a.timer", {"action": null})])
}

test_fail_switched_off if {
	rule.verdict == "fail" with input as fail_switched_off_input
	ids == {"a.timer"} with input as fail_switched_off_input
}

fail_switched_off_input := schedules([schedule("a.timer", {"enabled": false}), schedule("prune.timer", {"action": "prune"})])

test_fail_only_checks if {
	rule.verdict == "fail" with input as fail_only_checks_input
	ids == {"schedules"} with input as fail_only_checks_input
}

fail_only_checks_input := schedules([schedule("check.timer", {"action": "check"}), schedule("prune.timer", {"action": "prune"})])

test_fail_check_failed if {
	ids == {"check.timer"} with input as schedules([schedule("a.timer", {}), schedule("check.timer", {"action": "check", "last_result": "failure"})])
}

test_malformed_one_unknown if {
	rule.verdict == "error" with input as schedules([schedule("a.timer", {"enabled": false}), schedule("b", {"enabled": null})])
}
