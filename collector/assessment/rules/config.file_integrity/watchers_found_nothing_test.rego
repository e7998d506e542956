package exhibit.config.file_integrity.watchers_found_nothing_test

import data.exhibit.config.file_integrity.watchers_found_nothing as rule

document(body) := object.union({
	"kind": "config.file_integrity",
	"target": "host:h",
	"parameters": {},
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
			"last_run": "2026-11-21",
			"last_result": "differences",
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
			"last_result": null,
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
			"last_run": "2026-11-21",
			"last_result": "perhaps",
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

looked(changes) := document({"monitors": [object.union(
	{"name": "aide", "scheduled": true, "has_baseline": true, "last_run": "2026-11-21", "last_result": null, "detail": null},
	changes,
)]})

test_malformed_report_unread if {
	rule.verdict == "error" with input as looked({})
	rule.verdict == "not_applicable" with input as looked({"detail": "its reports are signed and encrypted"})
	rule.verdict == "not_applicable" with input as looked({"last_run": null})
	rule.verdict == "pass" with input as looked({"last_result": "clean"})
	rule.verdict == "error" with input as object.union(looked({}), {"body": {"monitors": [
		{"name": "samhain", "last_run": "2026-11-21", "last_result": "clean", "detail": null},
		{"name": "aide", "last_run": "2026-11-21", "last_result": null, "detail": null},
	]}})
}
