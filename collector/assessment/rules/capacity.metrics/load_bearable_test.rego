package exhibit.capacity.metrics.load_bearable_test

import data.exhibit.capacity.metrics.load_bearable as rule

document(body) := object.union({"kind": "capacity.metrics", "target": "host:h", "parameters": {"max_x100_per_cpu": 200}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"cpus": 2, "load": {"fifteen_x100": 31}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"load"} with input as fail_input
}

fail_input := document({"cpus": 2, "load": {"fifteen_x100": 900}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"cpus": null, "load": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"cpus": 2, "load": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as document({"cpus": 2, "load": {"fifteen_x100": 400}})
	rule.verdict == "fail" with input as document({"cpus": 2, "load": {"fifteen_x100": 401}})
}

test_malformed_half_known if {
	rule.verdict == "error" with input as document({"cpus": null, "load": {"fifteen_x100": 400}})
	rule.verdict == "error" with input as document({"cpus": 2, "load": null})
}
