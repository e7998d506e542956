package exhibit.time.sync.clock_synchronised_test

import data.exhibit.time.sync.clock_synchronised as rule

document(body) := object.union({"kind": "time.sync", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"synchronised": true, "kept_by_host": false})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"clock"} with input as fail_input
}

fail_input := document({"synchronised": false, "kept_by_host": false})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"synchronised": null, "kept_by_host": true})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"synchronised": null, "kept_by_host": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
