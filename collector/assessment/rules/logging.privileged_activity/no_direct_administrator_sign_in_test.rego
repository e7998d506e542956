package exhibit.logging.privileged_activity.no_direct_administrator_sign_in_test

import data.exhibit.logging.privileged_activity.no_direct_administrator_sign_in as rule

document(body) := object.union({
	"kind": "logging.privileged_activity",
	"target": "host:h",
	"parameters": {"max_a_day": 0, "sources_left_out": []},
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
		{
			"day": "2026-11-20",
			"account": "root",
			"action": "root_sign_in",
			"as_account": "root",
			"succeeded": 0,
			"failed": 90,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := object.union(document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "alice",
			"action": "root_sign_in",
			"as_account": "root",
			"succeeded": 1,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
}), {"parameters": {"max_a_day": 1, "sources_left_out": []}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"2026-11-20 journal"} with input as fail_input
}

fail_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "root",
			"action": "root_sign_in",
			"as_account": null,
			"succeeded": 2,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
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
	"sources": [{"name": "journal", "read": false, "from": "2026-11-15", "records": 5}],
})

test_malformed_without_activity if {
	rule.verdict == "error" with input as malformed_without_activity_input
}

malformed_without_activity_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": null,
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_source_left_out if {
	rule.verdict == "pass" with input as object.union(
		document({
			"activity": [{"day": "2026-11-20", "account": "root", "action": "root_sign_in", "succeeded": 1, "failed": 0, "source": "wtmp"}],
			"sources": [{"name": "wtmp", "read": true}],
		}),
		{"parameters": {"max_a_day": 0, "sources_left_out": ["wtmp"]}},
	)
}
