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

promise(changes) := {"promised": object.union(
	{"last": null, "daily": null, "weekly": null, "monthly": null, "yearly": null, "within_days": null, "source": "settings"},
	changes,
)}

one(changes) := document({"repositories": [repository(changes)]})

test_fail_each_step if {
	rule.verdict == "fail" with input as fail_days_of_it_input
	rule.verdict == "fail" with input as one(promise({"weekly": 6}))
	rule.verdict == "fail" with input as one(promise({"monthly": 4}))
	rule.verdict == "fail" with input as one(object.union(promise({"yearly": 3}), {"since": "2020-01-01T00:00:00Z"}))
}

fail_days_of_it_input := one(promise({"daily": 8}))

test_pass_each_step if {
	every steps in [{"daily": 7}, {"weekly": 5}, {"monthly": 3}, {"yearly": 2}, {"within_days": 600}] {
		rule.verdict == "pass" with input as one(promise(steps))
	}
}

# Seven days and the one that has not ended: on the ninth day after its first backup the promise can be kept.
test_pass_while_it_is_too_young if {
	rule.verdict == "pass" with input as one(object.union(promise({"daily": 8}), {"oldest": "2026-11-13T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"daily": 8}), {"oldest": "2026-11-13T09:59:59Z"}))
	rule.verdict == "pass" with input as one(object.union(promise({"daily": 2, "weekly": 6}), {"oldest": "2026-10-01T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"daily": 2, "weekly": 6}), {"oldest": "2026-10-01T09:59:59Z"}))
}

test_pass_within_two_days_of_the_window if {
	rule.verdict == "pass" with input as one(object.union(promise({"within_days": 30}), {"since": "2025-01-01T00:00:00Z", "oldest": "2026-10-25T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"within_days": 30}), {"since": "2025-01-01T00:00:00Z", "oldest": "2026-10-25T10:00:01Z"}))
	rule.verdict == "pass" with input as one(object.union(promise({"within_days": 30}), {"since": "2026-10-21T10:00:00Z", "oldest": "2026-11-20T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"within_days": 30}), {"since": "2026-10-21T09:59:59Z", "oldest": "2026-11-20T10:00:00Z"}))
}

test_fail_empty if {
	rule.verdict == "fail" with input as fail_empty_input
}

fail_empty_input := one(object.union(promise({"within_days": 30}), {"since": "2025-01-01T00:00:00Z", "oldest": null}))

test_malformed_future if {
	rule.verdict == "error" with input as one(object.union(promise({"within_days": 30}), {"oldest": "2027-01-01T00:00:00Z"}))
	rule.verdict == "error" with input as one(object.union(promise({"daily": 7}), {"oldest": "long ago"}))
}

# The day that has not ended, the weeks before the months and the months before the years.
test_pass_months_and_years_need_their_time if {
	rule.verdict == "pass" with input as one(object.union(promise({"daily": 7, "monthly": 4}), {"oldest": "2026-06-06T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"daily": 7, "monthly": 4}), {"oldest": "2026-06-01T10:00:00Z"}))
	rule.verdict == "pass" with input as one(object.union(promise({"yearly": 3}), {"since": "2022-12-01T10:00:00Z"}))
	rule.verdict == "fail" with input as one(object.union(promise({"yearly": 3}), {"since": "2022-01-01T10:00:00Z"}))
}

test_pass_empty_and_new if {
	rule.verdict == "pass" with input as one(object.union(promise({"within_days": 30}), {"since": "2026-11-01T00:00:00Z", "oldest": null}))
	rule.verdict == "pass" with input as document({"repositories": [repository(promise({"daily": 7})), repository({"name": "b"})]})
}
