package exhibit.monitoring.alert_rules.target_is_monitored_test

import data.exhibit.monitoring.alert_rules.target_is_monitored as rule

document(body) := object.union({
	"kind": "monitoring.alert_rules",
	"target": "host:h",
	"parameters": {"required": true, "not_monitors": ["systemd"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [
		{"name": "prometheus", "active": true, "enabled": true, "reports_to": []},
		{"name": "monit", "active": false, "enabled": true, "reports_to": []},
	],
	"rules": [],
	"routes": [],
})

test_fail_empty if {
	rule.verdict == "fail" with input as fail_empty_input
	ids == {"monitoring"} with input as fail_empty_input
}

fail_empty_input := document({"monitors": [], "rules": [], "routes": []})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"monit"} with input as fail_input
}

fail_input := document({
	"monitors": [
		{"name": "systemd", "active": true, "enabled": true, "reports_to": []},
		{"name": "monit", "active": false, "enabled": true, "reports_to": []},
	],
	"rules": [],
	"routes": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({
	"monitors": [{"name": "systemd", "active": true, "enabled": true, "reports_to": []}],
	"rules": [],
	"routes": [],
}), {"parameters": {"required": false, "not_monitors": ["systemd"]}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"monitors": [{"name": "prometheus", "active": null, "enabled": true, "reports_to": []}],
	"rules": [],
	"routes": [],
})

test_malformed_without_monitors if {
	rule.verdict == "error" with input as malformed_without_monitors_input
}

malformed_without_monitors_input := document({"monitors": null, "rules": [], "routes": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_one_may_run if {
	rule.verdict == "error" with input as document({"monitors": [
		{"name": "monit", "active": false, "enabled": true, "reports_to": []},
		{"name": "zabbix-agent", "active": null, "enabled": true, "reports_to": []},
	]})
}

test_pass_not_required if {
	rule.verdict == "pass" with input as object.union(
		document({"monitors": [{"name": "monit", "active": true, "enabled": true, "reports_to": []}]}),
		{"parameters": {"required": false}},
	)
}
