package exhibit.capacity.metrics.inodes_free_test

import data.exhibit.capacity.metrics.inodes_free as rule

document(body) := object.union({"kind": "capacity.metrics", "target": "host:h", "parameters": {"max_percent": 85}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"storage": [
		{"id": "/", "inodes_used_percent": 6, "read_only": false},
		{"id": "/b", "inodes_used_percent": null, "read_only": false},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/"} with input as fail_input
}

fail_input := document({"storage": [{"id": "/", "inodes_used_percent": 99, "read_only": false}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"storage": [{"id": "/", "inodes_used_percent": null, "read_only": false}]})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"storage": [{"id": "/", "inodes_used_percent": "many", "read_only": false}]})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"storage": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as document({"storage": [{"id": "/", "read_only": false, "inodes_used_percent": 85}]})
	rule.verdict == "fail" with input as document({"storage": [{"id": "/", "read_only": false, "inodes_used_percent": 86}]})
}

test_not_applicable_read_only if {
	rule.verdict == "not_applicable" with input as document({"storage": [{"id": "/cd", "read_only": true, "inodes_used_percent": 100}]})
}
