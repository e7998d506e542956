package exhibit.patch.status.os_supported_test

import data.exhibit.patch.status.os_supported as rule

document(body) := object.union({"kind": "patch.status", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"os": {"name": "Debian 12", "version": "12", "support_state": "long_term"}})

test_pass_2 if {
	rule.verdict == "pass" with input as pass_input_2
}

pass_input_2 := document({"os": {"name": "Debian 13", "version": "13", "support_state": "supported"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"Debian 9"} with input as fail_input
}

fail_input := document({
	"os": {
		"name": "Debian 9",
		"version": "9",
		"support_state": "ended",
		"end_of_life": "2022-06-30",
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"os": {"name": "Arch", "version": null, "support_state": "unknown"}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"os": {"name": "X", "version": "1", "support_state": "unknown"}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

release(changes) := document({"os": object.union({"name": "Debian 10", "version": "10", "end_of_life": "2024-06-30", "support_state": "ended"}, changes)})

test_fail_only_when_ended if {
	rule.verdict == "fail" with input as release({})
	rule.verdict == "fail" with input as release({"version": null})
	rule.verdict == "pass" with input as release({"support_state": "long_term"})
	rule.verdict == "error" with input as release({"support_state": "unknown"})
	rule.verdict == "not_applicable" with input as release({"version": null, "support_state": "unknown"})
	some item in rule.items with input as release({"end_of_life": null})
	item.why == "support ended on an unknown day" with input as release({"end_of_life": null})
}
