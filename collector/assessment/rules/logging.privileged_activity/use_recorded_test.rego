package exhibit.logging.privileged_activity.use_recorded_test

import data.exhibit.logging.privileged_activity.use_recorded as rule

document(body) := object.union({
	"kind": "logging.privileged_activity",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "alice",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 4,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_pass_one_suffices if {
	rule.verdict == "pass" with input as pass_one_suffices_input
}

pass_one_suffices_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "alice",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 4,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [
		{"name": "journal", "read": true, "from": "2026-11-15", "records": 5},
		{"name": "wtmp", "read": true, "from": null, "records": 0},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"journal"} with input as fail_input
}

fail_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": null, "records": 0}],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": false, "from": null, "records": 0}],
})

test_malformed_without_sources if {
	rule.verdict == "error" with input as malformed_without_sources_input
}

malformed_without_sources_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "alice",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 4,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": null,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
