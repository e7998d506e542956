package exhibit.continuity.tests.within_recovery_point_test

import data.exhibit.continuity.tests.within_recovery_point as rule

document(body) := {"kind": "continuity.tests", "target": "host:h", "parameters": {}, "body": body}

ids := {item.id | some item in rule.items}

trial(name, target, achieved) := {
	"name": name,
	"result": "success",
	"recovery_point": {"target_seconds": target, "achieved_seconds": achieved},
}

test_pass if {
	rule.verdict == "pass" with input as document({"tests": [trial("a", 600, 600), trial("b", null, 9000)]})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"b"} with input as fail_input
}

fail_input := document({"tests": [trial("a", 600, 12), trial("b", 600, 601)]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"tests": [trial("a", null, 12)]})
	rule.verdict == "not_applicable" with input as document({"tests": []})
}

test_malformed_unknown if {
	rule.verdict == "error" with input as document({"tests": [trial("a", 600, null)]})
	rule.verdict == "error" with input as document({"tests": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
