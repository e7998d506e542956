package exhibit.data.retention.ran_lately_test

import data.exhibit.data.retention.ran_lately as rule

document(body) := object.union({
	"kind": "data.retention",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 8},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"rules": [
		{
			"data": "/a",
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

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := object.union(document({
	"rules": [
		{
			"data": "/a",
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
			"last_run": "2026-11-20",
		},
	],
	"holds": [],
}), {"parameters": {"max_days": 2.5}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"logrotate"} with input as fail_input
}

fail_input := document({
	"rules": [
		{
			"data": "/a",
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
			"last_run": "2026-11-13",
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"rules": [
		{
			"data": "/a",
			"mechanism": "logrotate",
			"keep_days": 372,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [{"name": "logrotate", "installed": true, "scheduled": true, "last_run": null}],
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
			"keep_days": 372,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [{"name": "logrotate", "installed": true, "scheduled": true, "last_run": "soon"}],
	"holds": [],
})

test_malformed_without_mechanisms if {
	rule.verdict == "error" with input as malformed_without_mechanisms_input
}

malformed_without_mechanisms_input := document({
	"rules": [
		{
			"data": "/a",
			"mechanism": "logrotate",
			"keep_days": 372,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": null,
	"holds": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-30T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-30T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

test_not_applicable_without_a_rule_of_its_own if {
	rule.verdict == "not_applicable" with input as document({
		"rules": [{"data": "/x", "mechanism": "other"}],
		"mechanisms": [{"name": "m", "installed": true, "scheduled": true, "last_run": "2020-01-01"}],
		"holds": [],
	})
}
