package exhibit.config.file_integrity.files_are_watched_test

import data.exhibit.config.file_integrity.files_are_watched as rule

document(body) := object.union({
	"kind": "config.file_integrity",
	"target": "host:h",
	"parameters": {"required": true},
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
		{
			"name": "samhain",
			"scheduled": false,
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

test_fail_empty if {
	rule.verdict == "fail" with input as fail_empty_input
	ids == {"files"} with input as fail_empty_input
}

fail_empty_input := document({
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

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"aide", "tripwire"} with input as fail_input
}

fail_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": false,
			"has_baseline": true,
			"baseline_changed": "2026-11-01",
			"last_run": "2026-11-21",
			"last_result": "clean",
			"detail": null,
		},
		{
			"name": "tripwire",
			"scheduled": true,
			"has_baseline": false,
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

not_applicable_input := object.union(document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
}), {"parameters": {"required": false}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"monitors": [
		{
			"name": "aide",
			"scheduled": null,
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

test_malformed_one_unknown if {
	rule.verdict == "error" with input as document({"monitors": [
		{"name": "aide", "scheduled": false, "has_baseline": true},
		{"name": "ima", "scheduled": null, "has_baseline": null},
	]})
}

test_fail_both_idle if {
	rule.verdict == "fail" with input as fail_both_idle_input
	ids == {"aide", "tripwire"} with input as fail_both_idle_input
}

fail_both_idle_input := document({"monitors": [
	{"name": "aide", "scheduled": false, "has_baseline": true},
	{"name": "tripwire", "scheduled": true, "has_baseline": false},
]})

whys := {[item.id, item.why] | some item in rule.items}

test_fail_says_what_each_lacks if {
	whys == {["aide", "nothing starts it"], ["tripwire", "has no state to compare with"]} with input as fail_both_idle_input
	count(rule.items) == 0 with input as document({"monitors": [
		{"name": "aide", "scheduled": true, "has_baseline": true},
		{"name": "tripwire", "scheduled": false, "has_baseline": false},
	]})
}
