package exhibit.monitoring.detections.detections_handled_test

import data.exhibit.monitoring.detections.detections_handled as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 7},
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
			"severity": "high",
			"count": 2,
			"first_seen": "2026-01-01",
			"last_seen": "2026-11-21",
			"state": "acted",
		},
	],
	"window_days": 30,
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := object.union(document({
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
			"first_seen": "2026-11-15",
			"last_seen": "2026-11-21",
			"state": "open",
		},
	],
	"window_days": 30,
}), {"parameters": {"max_days": 7.5}})

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
			"severity": "high",
			"count": 2,
			"first_seen": "2026-11-14",
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
			"first_seen": null,
			"last_seen": null,
			"state": "open",
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
