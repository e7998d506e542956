package exhibit.config.file_integrity.watchers_looked_lately_test

import data.exhibit.config.file_integrity.watchers_looked_lately as rule

document(body) := object.union({
	"kind": "config.file_integrity",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 8},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "2026-11-21",
			"last_result": "clean",
			"detail": null,
		},
	],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := object.union(document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "2026-11-14",
			"last_result": "clean",
			"detail": null,
		},
	],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
}), {"parameters": {"max_days": 8.5}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"aide"} with input as fail_input
}

fail_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "2026-11-13",
			"last_result": "clean",
			"detail": null,
		},
		{
			"name": "tripwire",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "2026-11-21",
			"last_result": "clean",
			"detail": null,
		},
	],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": null,
			"last_result": "clean",
			"detail": null,
		},
	],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": true,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "soon",
			"last_result": "clean",
			"detail": null,
		},
	],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_malformed_without_monitors if {
	rule.verdict == "error" with input as malformed_without_monitors_input
}

malformed_without_monitors_input := document({
	"monitors": null,
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-29T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-29T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
