package exhibit.backup.jobs.none_unusable_test

import data.exhibit.backup.jobs.none_unusable as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"parameters": {},
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
			"sources": [],
		},
	],
	"schedules": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"nightly: a.sql"} with input as fail_input
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
			"unusable": 1,
			"unusable_named": [{"id": "a.sql", "why": "is empty"}],
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
			"last_check": null,
			"append_only": null,
			"unusable": null,
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

test_fail_more_than_are_named if {
	rule.verdict == "fail" with input as fail_more_than_are_named_input
	count(rule.items) == 2 with input as fail_more_than_are_named_input
	rule.verdict == "fail" with input as document({"repositories": [repository({"unusable": 1})]})
}

fail_more_than_are_named_input := document({"repositories": [repository({"unusable": 3, "unusable_named": [{"id": "a", "why": "is empty"}]})]})
