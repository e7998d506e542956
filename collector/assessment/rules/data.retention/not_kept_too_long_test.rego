package exhibit.data.retention.not_kept_too_long_test

import data.exhibit.data.retention.not_kept_too_long as rule

document(body) := object.union({
	"kind": "data.retention",
	"target": "host:h",
	"parameters": {"max_days": 1100},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"rules": [
		{
			"data": "/a",
			"mechanism": "logrotate",
			"keep_days": 1100,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
		{
			"data": "/b",
			"mechanism": "logrotate",
			"keep_days": null,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [
		{
			"name": "logrotate",
			"installed": true,
			"scheduled": true,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/a"} with input as fail_input
}

fail_input := document({
	"rules": [
		{
			"data": "/a",
			"mechanism": "logrotate",
			"keep_days": 1101,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
		{
			"data": "/b",
			"mechanism": "logrotate",
			"keep_days": 372,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [
		{
			"name": "logrotate",
			"installed": true,
			"scheduled": true,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"rules": [],
	"mechanisms": [
		{
			"name": "logrotate",
			"installed": true,
			"scheduled": true,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"rules": [
		{
			"data": "/a",
			"mechanism": "logrotate",
			"keep_days": "long",
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [
		{
			"name": "logrotate",
			"installed": true,
			"scheduled": true,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_malformed_without_rules if {
	rule.verdict == "error" with input as malformed_without_rules_input
}

malformed_without_rules_input := document({
	"rules": null,
	"mechanisms": [
		{
			"name": "logrotate",
			"installed": true,
			"scheduled": true,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
