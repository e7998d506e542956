package exhibit.monitoring.detections.nothing_severe_open_test

import data.exhibit.monitoring.detections.nothing_severe_open as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"parameters": {
		"severe": ["critical", "high", "severe", "emergency", "alert"],
		"severe_level": 12,
		"severe_sensors": ["clamav", "rkhunter"],
	},
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

seen(detection, sensor) := document({
	"sensors": [object.union({"name": "wazuh", "active": true, "enabled": true, "rules": [], "last_event": "2026-11-21", "readable": true}, sensor)],
	"detections": [object.union({"sensor": "wazuh", "rule": "a", "severity": "high", "count": 2, "first_seen": "2026-11-20", "last_seen": "2026-11-21", "state": "closed"}, detection)],
	"window_days": 30,
})

test_malformed_not_all_seen if {
	rule.verdict == "pass" with input as seen({}, {})
	rule.verdict == "error" with input as seen({}, {"readable": false})
	rule.verdict == "error" with input as object.union(seen({}, {}), {"capture": {"truncated": true}})
	rule.verdict == "pass" with input as object.union(seen({}, {}), {"capture": {"truncated": false}})
	rule.verdict == "error" with input as seen({"state": "unknown"}, {})
	rule.verdict == "pass" with input as seen({"state": "acted"}, {})
}

test_not_applicable_only_without_both if {
	rule.verdict == "not_applicable" with input as document({"sensors": [], "detections": []})
	rule.verdict != "not_applicable" with input as object.union(seen({"state": "open"}, {}), {"body": {"sensors": []}})
}

test_pass_mild_and_unknown if {
	rule.verdict == "pass" with input as seen({"state": "unknown", "severity": "low"}, {})
	rule.verdict == "pass" with input as seen({"state": "unknown", "severity": null}, {})
	rule.verdict == "fail" with input as seen({"state": "open", "severity": "HIGH"}, {})
}

test_fail_by_level_and_by_sensor if {
	rule.verdict == "fail" with input as fail_by_level_and_by_sensor_input
	rule.verdict == "fail" with input as seen({"state": "open", "severity": "15"}, {})
	rule.verdict == "pass" with input as seen({"state": "open", "severity": "11"}, {})
	rule.verdict == "pass" with input as seen({"state": "open", "severity": "3"}, {})
	rule.verdict == "pass" with input as seen({"state": "open", "severity": null}, {})
	rule.verdict == "fail" with input as seen({"state": "open", "severity": null, "sensor": "clamav"}, {})
	rule.verdict == "pass" with input as seen({"state": "acted", "severity": null, "sensor": "clamav"}, {})
}

fail_by_level_and_by_sensor_input := seen({"state": "open", "severity": "12"}, {})

test_malformed_unheard_of_state if {
	rule.verdict == "error" with input as seen({"state": "asleep", "severity": "low"}, {})
}
