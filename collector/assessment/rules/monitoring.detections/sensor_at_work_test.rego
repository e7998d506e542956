package exhibit.monitoring.detections.sensor_at_work_test

import data.exhibit.monitoring.detections.sensor_at_work as rule

document(body) := object.union({
	"kind": "monitoring.detections",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
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

sensors(list) := document({"sensors": list, "detections": [], "window_days": 30})

sensor(changes) := object.union({"name": "aide", "active": null, "enabled": null, "rules": [], "last_event": null, "readable": true}, changes)

test_pass_record_within_the_window if {
	rule.verdict == "pass" with input as sensors([sensor({"last_event": "2026-10-23"})])
	rule.verdict == "fail" with input as sensors([sensor({"last_event": "2026-10-22"})])
	rule.verdict == "fail" with input as sensors([sensor({})])
	ids == {"aide"} with input as sensors([sensor({})])
}

test_malformed_one_may_work if {
	rule.verdict == "error" with input as sensors([sensor({"readable": false})])
	rule.verdict == "error" with input as sensors([sensor({"readable": false}), sensor({"name": "x", "active": false})])
	rule.verdict == "error" with input as sensors([sensor({"last_event": "2027-10-23"})])
}

test_not_applicable_not_required if {
	rule.verdict == "not_applicable" with input as object.union(sensors([sensor({"active": false})]), {"parameters": {"required": false}})
	rule.verdict == "pass" with input as object.union(sensors([sensor({"active": true})]), {"parameters": {"required": false}})
}

test_fail_says_what_each_lacks if {
	{[item.id, item.why] | some item in rule.items} == {["x", "is installed and does not run"], ["aide", "runs by schedule if at all, and left no record within the window"]} with input as sensors([sensor({}), sensor({"name": "x", "active": false, "last_event": "2026-11-21"})])
}

test_pass_up_to_the_window if {
	rule.verdict == "pass" with input as object.union(sensors([sensor({"last_event": "2026-10-22"})]), {"now": "2026-11-22T00:00:00Z"})
	rule.verdict == "fail" with input as object.union(sensors([sensor({"last_event": "2026-10-22"})]), {"now": "2026-11-22T00:00:01Z"})
}

test_malformed_unreadable_and_old if {
	rule.verdict == "error" with input as sensors([sensor({"readable": false, "last_event": "2026-01-01"})])
}
