package exhibit.patch.status.lists_fresh_test

import data.exhibit.patch.status.lists_fresh as rule

document(body) := object.union({
	"kind": "patch.status",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_hours": 48},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"lists_refreshed": "2026-11-21T03:00:00Z", "counts": {"installed": 9}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"lists"} with input as fail_input
}

fail_input := document({"lists_refreshed": "2026-11-01T03:00:00Z"})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"lists"} with input as fail_input_2
}

fail_input_2 := document({"lists_refreshed": null})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"lists_refreshed": null, "counts": {"installed": 0}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"lists_refreshed": "yesterday"})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-23T03:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-23T03:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
