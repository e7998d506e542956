package exhibit.hardware.health.parts_well_test

import data.exhibit.hardware.health.parts_well as rule

document(body) := {
	"kind": "hardware.health",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"parts": [
		{"id": "disk:sda", "kind": "disk", "state": "ok", "settings": {}, "source": "x"},
		{"id": "fan:1", "kind": "disk", "state": "unknown", "settings": {}, "source": "x"},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"disk:sdb", "ups:a"} with input as fail_input
}

fail_input := document({
	"parts": [
		{"id": "disk:sda", "kind": "disk", "state": "ok", "settings": {}, "source": "x"},
		{"id": "disk:sdb", "kind": "disk", "state": "failed", "settings": {}, "source": "x"},
		{"id": "ups:a", "kind": "disk", "state": "warning", "settings": {}, "source": "x"},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"is_guest": true, "parts": []})

test_malformed_unknown if {
	rule.verdict == "error" with input as document({"parts": [{"id": "disk:sda", "kind": "disk", "state": "splendid", "settings": {}, "source": "x"}]})
	rule.verdict == "error" with input as document({"parts": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_not_applicable_nothing_known if {
	rule.verdict == "not_applicable" with input as document({"is_guest": false, "parts": [{"id": "ups:a", "kind": "ups", "state": "unknown"}]})
	rule.verdict == "pass" with input as document({"is_guest": false, "parts": [{"id": "ups:a", "kind": "ups", "state": "unknown"}, {"id": "fan:1", "kind": "fan", "state": "ok"}]})
}
