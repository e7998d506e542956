package exhibit.backup.jobs.copies_enough_test

import data.exhibit.backup.jobs.copies_enough as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"parameters": {"min_repositories": 2},
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
					"last_bytes": null,
					"usual_bytes": null,
				},
			],
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

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"web2"} with input as fail_input
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
					"last_bytes": null,
					"usual_bytes": null,
				},
				{
					"host": "web2",
					"paths": ["/srv"],
					"snapshots": 3,
					"last_success": "2026-11-22T03:00:00Z",
					"days_missed": 0,
					"last_bytes": null,
					"usual_bytes": null,
				},
			],
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
		{
			"name": "s",
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
			"sources": [
				{
					"host": "web2",
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
					"host": "",
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

holds(host) := {"sources": [{"host": host, "paths": ["/srv"]}]}

test_malformed_one_unread if {
	rule.verdict == "error" with input as document({"repositories": [
		repository(holds("web1")),
		repository({"name": "away", "reachable": false, "sources": null}),
	]})
	rule.verdict == "error" with input as document({"repositories": [
		repository(holds("web1")),
		repository(object.union(holds("web1"), {"name": "b"})),
		repository({"name": "away", "reachable": false, "sources": null}),
	]})
}

test_fail_whatever_the_unread_one_holds if {
	rule.verdict == "fail" with input as fail_whatever_the_unread_one_holds_input
}

fail_whatever_the_unread_one_holds_input := object.union(
	document({"repositories": [
		repository(holds("web1")),
		repository({"name": "away", "reachable": false, "sources": null}),
	]}),
	{"parameters": {"min_repositories": 3}},
)
