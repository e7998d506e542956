package exhibit.backup.jobs.sizes_plausible_test

import data.exhibit.backup.jobs.sizes_plausible as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"parameters": {"min_percent": 50},
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
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": [
				{
					"host": "web1",
					"paths": ["/srv"],
					"snapshots": 3,
					"last_success": "2026-11-22T03:00:00Z",
					"days_missed": 0,
					"last_bytes": 60,
					"usual_bytes": 100,
				},
			],
		},
	],
	"schedules": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"nightly: web1, /srv"} with input as fail_input
}

fail_input := document({
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
			"sources": [
				{
					"host": "web1",
					"paths": ["/srv"],
					"snapshots": 3,
					"last_success": "2026-11-22T03:00:00Z",
					"days_missed": 0,
					"last_bytes": 49,
					"usual_bytes": 100,
				},
				{
					"host": "web2",
					"paths": ["/srv"],
					"snapshots": 3,
					"last_success": "2026-11-22T03:00:00Z",
					"days_missed": 0,
					"last_bytes": 99,
					"usual_bytes": 100,
				},
			],
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
			"sources": [
				{
					"host": "web1",
					"paths": ["/srv"],
					"snapshots": 3,
					"last_success": "2026-11-22T03:00:00Z",
					"days_missed": 0,
					"last_bytes": null,
					"usual_bytes": null,
				},
			],
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
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": null,
			"sources": null,
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

sized(last, usual) := document({"repositories": [{"name": "n", "reachable": true, "sources": [{"host": "h", "paths": ["/"], "last_bytes": last, "usual_bytes": usual}]}]})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as sized(500, 1000)
	rule.verdict == "fail" with input as sized(499, 1000)
}
