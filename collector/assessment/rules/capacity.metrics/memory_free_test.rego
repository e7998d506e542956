package exhibit.capacity.metrics.memory_free_test

import data.exhibit.capacity.metrics.memory_free as rule

document(body) := object.union({"kind": "capacity.metrics", "target": "host:h", "parameters": {"max_percent": 95}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"cpus": 2, "memory": {"used_percent": 25}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"memory"} with input as fail_input
}

fail_input := document({"cpus": 2, "memory": {"used_percent": 99}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"cpus": null, "memory": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"cpus": 2, "memory": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as document({"cpus": 2, "memory": {"used_percent": 95}})
	rule.verdict == "fail" with input as document({"cpus": 2, "memory": {"used_percent": 96}})
}

test_malformed_without_processors if {
	rule.verdict == "fail" with input as document({"cpus": null, "memory": {"used_percent": 96}})
	rule.verdict == "error" with input as document({"cpus": 2, "memory": null})
}
