package exhibit.patch.status.security_updates_in_time_test

import data.exhibit.patch.status.security_updates_in_time as rule

document(body, labels) := {
	"kind": "patch.status",
	"target": "host:h",
	"now": "2026-11-22T03:00:00Z",
	"labels": labels,
	"parameters": {"max_days": 30, "days_by_criticality": {"critical": 7, "high": 14}},
	"body": body,
}

ids := {item.id | some item in rule.items}

waits(last_update) := {
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T02:00:00Z",
	"last_update": last_update,
	"pending": [
		{"name": "openssl", "security": true, "installed": "3.0.1", "candidate": "3.0.2"},
		{"name": "vim", "security": false, "installed": "1", "candidate": "2"},
	],
}

test_pass if {
	rule.verdict == "pass" with input as document(waits("2026-11-10T03:00:00Z"), {"criticality": "High"})
}

test_pass_without_label if {
	rule.verdict == "pass" with input as document(waits("2026-10-25T03:00:00Z"), {})
	rule.verdict == "pass" with input as object.remove(document(waits("2026-10-25T03:00:00Z"), {}), ["labels"])
}

test_pass_at_limit if {
	rule.verdict == "pass" with input as document(waits("2026-11-15T03:00:00Z"), {"criticality": "critical"})
}

test_pass_nothing_waits if {
	rule.verdict == "pass" with input as nothing_waits_input
}

nothing_waits_input := document({
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T02:00:00Z",
	"last_update": null,
	"pending": [{"name": "vim", "security": false, "installed": "1", "candidate": "2"}],
}, {"criticality": "critical"})

test_fail if {
	rule.verdict == "fail" with input as document(waits("2026-11-15T02:59:59Z"), {"criticality": "critical"})
	ids == {"openssl"} with input as document(waits("2026-11-15T02:59:59Z"), {"criticality": "critical"})
}

test_fail_without_label if {
	rule.verdict == "fail" with input as document(waits("2026-10-20T03:00:00Z"), {})
	rule.verdict == "fail" with input as document(waits("2026-10-20T03:00:00Z"), {"criticality": "unheard of"})
}

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"counts": {"installed": 0}, "lists_refreshed": null, "pending": []}, {})

test_malformed if {
	rule.verdict == "error" with input as document(waits(null), {"criticality": "critical"})
	rule.verdict == "error" with input as document(waits("yesterday"), {})
}

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T03:00:00Z",
	"last_update": "2026-11-22T03:00:00Z",
	"pending": null,
}, {})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({}, {})
}

test_pass_label_in_capitals if {
	rule.verdict == "fail" with input as document(waits("2026-11-10T03:00:00Z"), {"criticality": "CRITICAL"})
	rule.verdict == "pass" with input as document(waits("2026-11-10T03:00:00Z"), {"criticality": "HIGH"})
}

test_malformed_not_all_known if {
	rule.verdict == "error" with input as document(object.union(waits("2026-11-22T02:00:00Z"), {"lists_refreshed": null}), {})
	rule.verdict == "error" with input as document(object.union(waits("2026-11-22T02:00:00Z"), {"pending": [{"name": "a", "security": null}]}), {})
	rule.verdict == "error" with input as document(waits("2027-11-22T02:00:00Z"), {})
}
