package exhibit.software.inventory.packages_whole_test

import data.exhibit.software.inventory.packages_whole as rule

document(body) := object.union({"kind": "software.inventory", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"packages": [{"name": "a", "state": "installed"}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({"packages": [{"name": "a", "state": "broken"}, {"name": "b", "state": "installed"}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"packages": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"packages": [{"name": "a"}]})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"packages": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
