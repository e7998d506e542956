package exhibit.continuity.tests.restores_succeed_test

import data.exhibit.continuity.tests.restores_succeed as rule

document(body) := {"kind": "continuity.tests", "target": "host:h", "parameters": {}, "body": body}

items := rule.items

good := {"name": "a", "subject": "nightly", "result": "success", "error": null}

test_pass if {
	rule.verdict == "pass" with input as document({"tests": [good]})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	items == {{"id": "b", "why": "1 of 20 files did not come back as they should"}} with input as fail_input
}

fail_input := document({"tests": [good, {
	"name": "b",
	"subject": "weekly",
	"result": "failure",
	"error": "1 of 20 files did not come back as they should",
}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"tests": []})
}

test_malformed_unknown if {
	rule.verdict == "error" with input as document({"tests": [{"name": "a"}]})
	rule.verdict == "error" with input as document({"tests": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
