package exhibit.backup.jobs.retention_kept_test

import data.exhibit.backup.jobs.retention_kept as rule

document(body) := {
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
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
			"promised": {
				"last": null,
				"daily": 7,
				"weekly": 4,
				"monthly": null,
				"yearly": null,
				"within_days": null,
				"source": "settings",
			},
			"held": {"days": 7, "weeks": 5, "months": 1, "years": 1},
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": null,
			"oldest": "2026-10-10T00:00:00Z",
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

test_pass_young if {
	rule.verdict == "pass" with input as pass_young_input
}

pass_young_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": {
				"last": null,
				"daily": 7,
				"weekly": 4,
				"monthly": null,
				"yearly": null,
				"within_days": null,
				"source": "settings",
			},
			"held": {"days": 3, "weeks": 1, "months": 1, "years": 1},
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": "2026-11-19T00:00:00Z",
			"oldest": "2026-11-20T00:00:00Z",
			"sources": [],
		},
	],
	"schedules": [],
})

test_fail_days if {
	rule.verdict == "fail" with input as fail_days_input
	ids == {"nightly"} with input as fail_days_input
}

fail_days_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": {
				"last": null,
				"daily": 7,
				"weekly": 4,
				"monthly": null,
				"yearly": null,
				"within_days": null,
				"source": "settings",
			},
			"held": {"days": 3, "weeks": 1, "months": 1, "years": 1},
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": "2026-01-01T00:00:00Z",
			"oldest": "2026-11-20T00:00:00Z",
			"sources": [],
		},
	],
	"schedules": [],
})

test_fail_window if {
	rule.verdict == "fail" with input as fail_window_input
	ids == {"nightly"} with input as fail_window_input
}

fail_window_input := document({
	"repositories": [
		{
			"name": "nightly",
			"type": "backups",
			"reachable": true,
			"promised": {
				"last": null,
				"daily": null,
				"weekly": null,
				"monthly": null,
				"yearly": null,
				"within_days": 30,
				"source": "settings",
			},
			"held": {"days": 3, "weeks": 1, "months": 1, "years": 1},
			"last_check": null,
			"append_only": null,
			"unusable": 0,
			"unusable_named": [],
			"since": "2026-01-01T00:00:00Z",
			"oldest": "2026-11-20T00:00:00Z",
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
			"held": {"days": 3, "weeks": 1, "months": 1, "years": 1},
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
			"promised": {
				"last": null,
				"daily": 7,
				"weekly": 4,
				"monthly": null,
				"yearly": null,
				"within_days": null,
				"source": "settings",
			},
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
	rule.verdict == "error" with input as document({"repositories": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
