package exhibit.hardware.health.disks_not_worn_test

import data.exhibit.hardware.health.disks_not_worn as rule

document(body) := {
	"kind": "hardware.health",
	"target": "host:h",
	"parameters": {"max_percent": 80},
	"body": body,
}

ids := {item.id | some item in rule.items}

disk(settings) := document({"is_guest": false, "parts": [{"id": "disk:nvme0n1", "kind": "disk", "state": "ok", "settings": settings, "source": "smartctl"}]})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as disk({"used_percent": "80"})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"disk:nvme0n1"} with input as fail_input
}

fail_input := disk({"used_percent": "90"})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as disk({})
	rule.verdict == "not_applicable" with input as document({"is_guest": true, "parts": []})
	rule.verdict == "not_applicable" with input as document({"is_guest": false, "parts": [{"id": "fan:1", "kind": "fan", "state": "ok", "settings": {"used_percent": "99"}}]})
}

test_malformed if {
	rule.verdict == "error" with input as document({"is_guest": false, "parts": null})
	rule.verdict == "error" with input as disk({"used_percent": "much"})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
