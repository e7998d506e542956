package exhibit.backup.jobs.restore_tested_test

import data.exhibit.backup.jobs.restore_tested as rule

document(body) := object.union({
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 365},
}, {"body": body})

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
	"restore_tests": [{"repository": "nightly", "time": "2026-06-01T00:00:00Z", "result": "success"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"restore_tests"} with input as fail_input
}

fail_input := document({
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
	"restore_tests": [{"repository": "nightly", "time": "2020-06-01T00:00:00Z", "result": "success"}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"repositories": [], "restore_tests": []})

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
	"restore_tests": null,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
