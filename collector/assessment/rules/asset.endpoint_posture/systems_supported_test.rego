package exhibit.asset.endpoint_posture.systems_supported_test

import data.exhibit.asset.endpoint_posture.systems_supported as rule

document(body) := {
	"kind": "asset.endpoint_posture",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"exceptions": ["x"]},
	"body": body,
}

ids := {item.id | some item in rule.items}

device(changes) := document({"devices": [object.union({"id": "a", "name": "laptop7"}, changes)]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"devices": []})
	rule.verdict == "not_applicable" with input as document({"devices": [{"id": "x", "name": "x"}]})
}

test_pass if {
	rule.verdict == "pass" with input as device({"supported_until": "2030-06-30"})
	rule.verdict == "pass" with input as device({"supported_until": "2026-11-22"})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"laptop7"} with input as fail_input
}

fail_input := device({"supported_until": "2026-11-21"})

test_malformed if {
	rule.verdict == "error" with input as device({"supported_until": null})
	rule.verdict == "error" with input as device({"supported_until": "soon"})
	rule.verdict == "error" with input as document({"devices": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
