package exhibit.monitoring.alert_rules.alerts_reach_somebody_test

import data.exhibit.monitoring.alert_rules.alerts_reach_somebody as rule

document(body) := object.union({
	"kind": "monitoring.alert_rules",
	"target": "host:h",
	"parameters": {"channels": ["mail", "webhook", "pager", "chat", "sms"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [{"name": "prometheus", "active": true, "enabled": true, "reports_to": []}],
	"rules": [
		{
			"monitor": "prometheus",
			"name": "a",
			"condition": "up == 0",
			"hold": "10m",
			"severity": "page",
			"enabled": true,
			"source": "/etc/prometheus/rules.yml:4",
		},
	],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": "2026-11-01T00:00:00Z",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_pass_by_server if {
	rule.verdict == "pass" with input as pass_by_server_input
}

pass_by_server_input := document({
	"monitors": [
		{
			"name": "zabbix-agent",
			"active": true,
			"enabled": true,
			"reports_to": ["z.example.org"],
		},
	],
	"rules": [],
	"routes": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"alerts"} with input as fail_input
}

fail_input := document({
	"monitors": [{"name": "prometheus", "active": true, "enabled": true, "reports_to": []}],
	"rules": [
		{
			"monitor": "prometheus",
			"name": "a",
			"condition": "up == 0",
			"hold": "10m",
			"severity": "page",
			"enabled": true,
			"source": "/etc/prometheus/rules.yml:4",
		},
	],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "unit",
			"target": "ops@example.org",
			"last_test": "2026-11-01T00:00:00Z",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_fail_server_not_asked if {
	rule.verdict == "fail" with input as fail_server_not_asked_input
	ids == {"alerts"} with input as fail_server_not_asked_input
}

fail_server_not_asked_input := document({
	"monitors": [{"name": "prometheus", "active": false, "enabled": true, "reports_to": ["z"]}],
	"rules": [],
	"routes": [],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"monitors": [], "rules": [], "routes": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"monitors": [{"name": "prometheus", "active": true, "enabled": true, "reports_to": []}]})

test_malformed_without_routes if {
	rule.verdict == "error" with input as malformed_without_routes_input
}

malformed_without_routes_input := document({
	"monitors": [{"name": "prometheus", "active": true, "enabled": true, "reports_to": []}],
	"rules": [
		{
			"monitor": "prometheus",
			"name": "a",
			"condition": "up == 0",
			"hold": "10m",
			"severity": "page",
			"enabled": true,
			"source": "/etc/prometheus/rules.yml:4",
		},
	],
	"routes": null,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_fail_something_raises_and_reaches_nobody if {
	every body in [
		{"monitors": [], "rules": [{"name": "x"}], "routes": []},
		{"monitors": [], "rules": [], "routes": [{"receiver": "x", "channel": "none"}]},
		{"monitors": [{"name": "monit", "active": true, "reports_to": []}], "rules": [], "routes": []},
		{"monitors": [{"name": "monit", "active": false, "reports_to": ["a"]}], "rules": [], "routes": []},
	] {
		rule.verdict == "fail" with input as document(body)
	}
	rule.verdict == "pass" with input as document({"monitors": [{"name": "zabbix-agent", "active": null, "reports_to": ["a"]}], "rules": [], "routes": []})
}
