package exhibit.time.sync.offset_small_test

import data.exhibit.time.sync.offset_small as rule

document(body) := object.union({"kind": "time.sync", "target": "host:h", "parameters": {"max_ms": 1000}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"offset_ms": -1, "synchronised": true})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"clock"} with input as fail_input
}

fail_input := document({"offset_ms": -5000, "synchronised": true})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"offset_ms": null, "kept_by_host": true})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"offset_ms": null, "synchronised": false})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"offset_ms": null, "synchronised": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

offset(ms) := object.union(document({"synchronised": true, "kept_by_host": false, "offset_ms": ms}), {"parameters": {"max_ms": 1000}})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as offset(1000)
	rule.verdict == "pass" with input as offset(-1000)
	rule.verdict == "fail" with input as offset(1001)
	rule.verdict == "fail" with input as offset(-1001)
	rule.verdict == "error" with input as offset(null)
}
