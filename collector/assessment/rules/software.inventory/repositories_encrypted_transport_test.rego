package exhibit.software.inventory.repositories_encrypted_transport_test

import data.exhibit.software.inventory.repositories_encrypted_transport as rule

document(body) := object.union({"kind": "software.inventory", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"repositories": [{"id": "a", "encrypted_transport": true, "source": "f:1"}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({"repositories": [{"id": "a", "encrypted_transport": false, "source": "f:1"}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"repositories": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"repositories": [{"id": "a", "encrypted_transport": null, "source": "f:1"}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
