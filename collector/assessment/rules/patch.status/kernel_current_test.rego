package exhibit.patch.status.kernel_current_test

import data.exhibit.patch.status.kernel_current as rule

document(body) := object.union({"kind": "patch.status", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"kernel": {"running": "6.1.0-40", "newest_installed": "6.1.0-40"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"6.1.0-38"} with input as fail_input
}

fail_input := document({"kernel": {"running": "6.1.0-38", "newest_installed": "6.1.0-40"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"kernel": null})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"kernel": {"running": "6.1", "newest_installed": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"kernel": {"newest_installed": "6.1.0-40"}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

kernel(changes) := document({"kernel": object.union({"running": "6.1.0-38", "newest_installed": "6.1.0-38"}, changes)})

test_malformed_half_known if {
	rule.verdict == "pass" with input as kernel({})
	rule.verdict == "error" with input as kernel({"running": null})
	rule.verdict == "not_applicable" with input as kernel({"newest_installed": null})
	rule.verdict == "error" with input as document({"kernel": {"running": "6.1.0-38"}})
}
