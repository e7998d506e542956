package exhibit.asset.endpoint_posture.firewalls_on_test

import data.exhibit.asset.endpoint_posture.firewalls_on as rule

document(body) := {
	"kind": "asset.endpoint_posture",
	"target": "host:h",
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
	rule.verdict == "pass" with input as device({"firewall": true})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"laptop7"} with input as fail_input
}

fail_input := device({"firewall": false})

test_malformed if {
	rule.verdict == "error" with input as device({"firewall": null})
	rule.verdict == "error" with input as document({"devices": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
