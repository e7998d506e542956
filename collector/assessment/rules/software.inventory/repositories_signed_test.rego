package exhibit.software.inventory.repositories_signed_test

import data.exhibit.software.inventory.repositories_signed as rule

document(body) := object.union({"kind": "software.inventory", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"repositories": [{"id": "a", "signature_checked": true, "source": "f:1"}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({
	"repositories": [
		{"id": "a", "signature_checked": false, "source": "f:1"},
		{"id": "b", "signature_checked": true, "source": "f:2"},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"packages": [], "repositories": null})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"packages": [{"name": "a"}], "repositories": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"packages": [{"name": "a"}], "repositories": null})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"repositories": [{"id": "a"}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
