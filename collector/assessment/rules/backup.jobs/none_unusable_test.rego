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
