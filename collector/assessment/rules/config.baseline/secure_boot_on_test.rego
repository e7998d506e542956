package exhibit.config.baseline.secure_boot_on_test

import data.exhibit.config.baseline.secure_boot_on as rule

document(body) := object.union({"kind": "config.baseline", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"secure_boot": true})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"secure_boot"} with input as fail_input
}

fail_input := document({"secure_boot": false})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"secure_boot": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"secure_boot": "maybe"})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
