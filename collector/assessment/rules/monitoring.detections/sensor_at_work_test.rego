package exhibit.monitoring.detections.sensor_at_work_test

import data.exhibit.monitoring.detections.sensor_at_work as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"parameters": {"required": true},
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
		{
			"name": "ossec",
			"active": false,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": true,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_pass_by_schedule if {
	rule.verdict == "pass" with input as pass_by_schedule_input
}

pass_by_schedule_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": null,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": true,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_fail_empty if {
	rule.verdict == "fail" with input as fail_empty_input
	ids == {"sensors"} with input as fail_empty_input
}

fail_empty_input := document({"sensors": [], "detections": [], "window_days": 30})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"fail2ban", "rkhunter"} with input as fail_input
}

fail_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": false,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": "2026-11-21",
			"readable": true,
		},
		{
			"name": "rkhunter",
			"active": null,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": null,
			"readable": true,
		},
	],
	"detections": [],
	"window_days": 30,
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"sensors": [], "detections": [], "window_days": 30}), {"parameters": {"required": false}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"sensors": [
		{
			"name": "fail2ban",
			"active": null,
			"enabled": true,
			"rules": ["sshd"],
			"last_event": null,
			"readable": false,
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
