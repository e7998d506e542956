package exhibit.backup.jobs.every_source_recent_test

import data.exhibit.backup.jobs.every_source_recent as rule

document(body) := object.union({
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_hours": 26},
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
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"nightly: db1, /var/lib"} with input as fail_input
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
					"host": "db1",
					"paths": ["/var/lib"],
					"snapshots": 1,
					"last_success": "2026-10-01T03:00:00Z",
				},
			],
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"repositories": []})

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
			"sources": null,
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"repositories": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-23T05:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-23T05:00:01Z"})

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

source(paths, last_success) := {"host": "web1", "paths": paths, "snapshots": 1, "last_success": last_success}

test_not_applicable_nothing_backed_up if {
	rule.verdict == "not_applicable" with input as document({"repositories": [repository({})]})
}

test_fail_two_of_one_host if {
	rule.verdict == "fail" with input as fail_two_of_one_host_input
	ids == {"nightly: web1, /etc", "nightly: web1, /srv"} with input as fail_two_of_one_host_input
}

fail_two_of_one_host_input := document({"repositories": [repository({"sources": [
	source(["/etc"], "2026-10-01T03:00:00Z"),
	source(["/srv"], "2026-10-01T03:00:00Z"),
	source(["/home"], "2026-11-22T03:00:00Z"),
]})]})
