package exhibit.continuity.tests.tested_lately_test

import data.exhibit.continuity.tests.tested_lately as rule

document(body) := {
	"kind": "continuity.tests",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 92},
	"body": body,
}

ids := {item.id | some item in rule.items}

trial(time, result) := {"name": "t", "subject": "nightly", "time": time, "result": result}

test_pass if {
	rule.verdict == "pass" with input as document({"tests": [
		trial("2026-09-01T00:00:00Z", "success"),
		trial("2026-11-01T00:00:00Z", "failure"),
	]})
}

test_fail_old if {
	rule.verdict == "fail" with input as old_input
	ids == {"nightly"} with input as old_input
}

old_input := document({"tests": [trial("2026-06-01T00:00:00Z", "success")]})

test_fail_never_succeeded if {
	rule.verdict == "fail" with input as document({"tests": [trial("2026-11-21T00:00:00Z", "failure")]})
}

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"tests": []})
}

test_malformed_time if {
	rule.verdict == "error" with input as document({"tests": [trial("yesterday", "success")]})
	rule.verdict == "error" with input as document({"tests": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as document({"tests": [trial("2026-08-22T10:00:00Z", "success")]})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := document({"tests": [trial("2026-08-22T09:59:59Z", "success")]})

test_malformed_future if {
	rule.verdict == "error" with input as document({"tests": [trial("2027-01-01T00:00:00Z", "success")]})
	rule.verdict == "error" with input as document({"tests": [
		trial("2025-01-01T00:00:00Z", "success"),
		trial("2027-01-01T00:00:00Z", "success"),
	]})
}

test_malformed_result if {
	rule.verdict == "error" with input as document({"tests": [trial("2026-11-01T00:00:00Z", "abandoned")]})
}
