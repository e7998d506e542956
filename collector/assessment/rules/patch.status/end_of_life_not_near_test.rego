package exhibit.patch.status.end_of_life_not_near_test

import data.exhibit.patch.status.end_of_life_not_near as rule

document(body) := object.union({
	"kind": "patch.status",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"days": 180},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"os": {"name": "Debian 12", "end_of_life": "2028-06-30"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"Debian 11"} with input as fail_input
}

fail_input := document({"os": {"name": "Debian 11", "end_of_life": "2027-01-01"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"os": {"name": "X", "end_of_life": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"os": {"name": "X", "end_of_life": "soon"}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2028-01-01T23:59:59Z"})
}

test_fail_at_the_limit if {
	rule.verdict == "fail" with input as fail_at_the_limit_input
}

fail_at_the_limit_input := object.union(pass_input, {"now": "2028-01-02T00:00:00Z"})
