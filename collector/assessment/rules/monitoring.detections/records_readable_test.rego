package exhibit.monitoring.detections.records_readable_test

import data.exhibit.monitoring.detections.records_readable as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": true,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": true,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"fail2ban"} with input as fail_input
}

fail_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": true,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": false,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"sensors": [], "detections": [], "window_days": 30})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": true,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": null,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_malformed_without_sensors if {
	rule.verdict == "error" with input as malformed_without_sensors_input
}

malformed_without_sensors_input := document({"sensors": null, "detections": [], "window_days": 30})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
