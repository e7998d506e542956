package exhibit.monitoring.alert_rules.routes_tested_test

import data.exhibit.monitoring.alert_rules.routes_tested as rule

document(body) := object.union({
	"kind": "monitoring.alert_rules",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 366, "channels": ["mail", "webhook", "pager", "chat", "sms"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [],
	"rules": [],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": "2026-11-01T00:00:00Z",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "unit",
			"target": "ops@example.org",
			"last_test": null,
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"monitors": [],
	"rules": [],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": "2025-11-21T10:00:00Z",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b", "ops"} with input as fail_input
}

fail_input := document({
	"monitors": [],
	"rules": [],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": null,
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
		{
			"monitor": "alertmanager",
			"receiver": "b",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": "2025-11-21T09:59:59Z",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"monitors": [], "rules": [], "routes": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"monitors": [],
	"rules": [],
	"routes": [
		{
			"monitor": "alertmanager",
			"receiver": "ops",
			"channel": "mail",
			"target": "ops@example.org",
			"last_test": "then",
			"source": "/etc/prometheus/alertmanager.yml:9",
		},
	],
})

test_malformed_without_routes if {
	rule.verdict == "error" with input as malformed_without_routes_input
}

malformed_without_routes_input := document({"monitors": [], "rules": [], "routes": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2027-11-02T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2027-11-02T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
