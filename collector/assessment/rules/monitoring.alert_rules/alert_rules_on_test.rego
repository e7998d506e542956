package exhibit.monitoring.alert_rules.alert_rules_on_test

import data.exhibit.monitoring.alert_rules.alert_rules_on as rule

document(body) := object.union({
	"kind": "monitoring.alert_rules",
	"target": "host:h",
	"parameters": {"exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [],
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
	"routes": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({
	"monitors": [],
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
		{
			"monitor": "prometheus",
			"name": "b",
			"condition": "up == 0",
			"hold": "10m",
			"severity": "page",
			"enabled": false,
			"source": "/etc/prometheus/rules.yml:4",
		},
	],
	"routes": [],
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
	"rules": [
		{
			"monitor": "prometheus",
			"name": "a",
			"condition": "up == 0",
			"hold": "10m",
			"severity": "page",
			"enabled": null,
			"source": "/etc/prometheus/rules.yml:4",
		},
	],
	"routes": [],
})

test_malformed_without_rules if {
	rule.verdict == "error" with input as malformed_without_rules_input
}

malformed_without_rules_input := document({"monitors": [], "rules": null, "routes": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_excepted if {
	rule.verdict == "pass" with input as object.union(
		document({"monitors": [], "routes": [], "rules": [{"name": "x", "enabled": false, "source": "f"}]}),
		{"parameters": {"exceptions": ["x"]}},
	)
}
