package exhibit.monitoring.detections.detections_handled_test

import data.exhibit.monitoring.detections.detections_handled as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 7, "min_level": 7},
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

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(seen({"state": "open"}, {}), {"now": "2026-11-27T00:00:00Z"})
	rule.verdict == "fail" with input as object.union(seen({"state": "open"}, {}), {"now": "2026-11-27T00:00:01Z"})
}

test_fail_first_day_unknown if {
	rule.verdict == "fail" with input as fail_first_day_unknown_input
	rule.verdict == "pass" with input as seen({"state": "open", "first_seen": null}, {})
	rule.verdict == "error" with input as seen({"state": "open", "first_seen": null, "last_seen": null}, {})
}

fail_first_day_unknown_input := object.union(seen({"state": "open", "first_seen": null}, {}), {"now": "2026-11-30T00:00:00Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(seen({"state": "open"}, {}), {"now": "2026-11-01T00:00:00Z"})
}

test_pass_a_mild_level_is_a_record if {
	rule.verdict == "pass" with input as seen({"state": "open", "severity": "6", "first_seen": "2026-11-01"}, {})
	rule.verdict == "fail" with input as seen({"state": "open", "severity": "7", "first_seen": "2026-11-01"}, {})
	rule.verdict == "fail" with input as seen({"state": "open", "severity": null, "first_seen": "2026-11-01"}, {})
	rule.verdict == "fail" with input as seen({"state": "open", "severity": "low", "first_seen": "2026-11-01"}, {})
}
