package exhibit.monitoring.detections.nothing_severe_open_test

import data.exhibit.monitoring.detections.nothing_severe_open as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"parameters": {"severe": ["critical", "high", "severe", "emergency", "alert"]},
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
	"detections": [
		{
			"sensor": "wazuh",
			"rule": "5712",
			"severity": "high",
			"count": 2,
			"first_seen": "2026-11-10",
			"last_seen": "2026-11-21",
			"state": "closed",
		},
		{
			"sensor": "wazuh",
			"rule": "a",
			"severity": "low",
			"count": 2,
			"first_seen": "2026-11-10",
			"last_seen": "2026-11-21",
			"state": "open",
		},
		{
			"sensor": "wazuh",
			"rule": "b",
			"severity": null,
			"count": 2,
			"first_seen": "2026-11-10",
			"last_seen": "2026-11-21",
			"state": "open",
		},
	],
	"window_days": 30,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"wazuh 5712"} with input as fail_input
}

fail_input := document({
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
	"detections": [
		{
			"sensor": "wazuh",
			"rule": "5712",
			"severity": "High",
			"count": 2,
			"first_seen": "2026-11-10",
			"last_seen": "2026-11-21",
			"state": "open",
		},
	],
	"window_days": 30,
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"sensors": [], "detections": [], "window_days": 30})

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
			"readable": true,
		},
	],
	"detections": [
		{
			"sensor": "wazuh",
			"rule": "5712",
			"severity": "high",
			"count": 2,
			"first_seen": "2026-11-10",
			"last_seen": "2026-11-21",
			"state": null,
		},
	],
	"window_days": 30,
})

test_malformed_without_detections if {
	rule.verdict == "error" with input as malformed_without_detections_input
}

malformed_without_detections_input := document({
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
	"detections": null,
	"window_days": 30,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
