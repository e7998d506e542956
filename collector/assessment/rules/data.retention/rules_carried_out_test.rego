package exhibit.data.retention.rules_carried_out_test

import data.exhibit.data.retention.rules_carried_out as rule

document(body) := object.union({
	"kind": "data.retention",
	"target": "host:h",
	"parameters": {"makes_its_data": ["systemd-coredump", "journald"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"rules": [
		{
			"data": "/var/log/a",
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
		{
			"name": "tmpfiles",
			"installed": true,
			"scheduled": false,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"logrotate", "tmpfiles"} with input as fail_input
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
		{
			"data": "/b",
			"mechanism": "tmpfiles",
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
			"scheduled": false,
			"last_run": "2026-11-22",
		},
		{
			"name": "tmpfiles",
			"installed": false,
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
			"scheduled": null,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_malformed_unknown_mechanism if {
	rule.verdict == "error" with input as malformed_unknown_mechanism_input
}

malformed_unknown_mechanism_input := document({
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
	"mechanisms": [],
	"holds": [],
})

test_pass_without_its_data if {
	rule.verdict == "pass" with input as pass_without_its_data_input
}

pass_without_its_data_input := document({
	"rules": [
		{
			"data": "/var/lib/systemd/coredump",
			"mechanism": "systemd-coredump",
			"keep_days": 372,
			"max_bytes": null,
			"generations": 12,
			"text": "monthly rotate 12",
			"source": "/etc/logrotate.d/x:1",
		},
	],
	"mechanisms": [
		{
			"name": "systemd-coredump",
			"installed": false,
			"scheduled": false,
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
		{
			"name": "tmpfiles",
			"installed": true,
			"scheduled": false,
			"last_run": "2026-11-22",
		},
	],
	"holds": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

carried(mechanism) := document({"rules": [{"data": "/x", "mechanism": "m", "keep_days": 7}], "mechanisms": [mechanism], "holds": []})

test_fail_each_way if {
	rule.verdict == "fail" with input as carried({"name": "m", "installed": false, "scheduled": false})
	rule.verdict == "fail" with input as carried({"name": "m", "installed": true, "scheduled": false})
	rule.verdict == "pass" with input as carried({"name": "m", "installed": true, "scheduled": true})
	rule.verdict == "error" with input as carried({"name": "m", "installed": true, "scheduled": null})
	rule.verdict == "error" with input as carried({"name": "other", "installed": true, "scheduled": true})
	rule.verdict == "error" with input as carried({"name": "m", "installed": null, "scheduled": true})
}
