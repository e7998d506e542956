package exhibit.time.sync.sources_enough_test

import data.exhibit.time.sync.sources_enough as rule

document(body) := {
	"kind": "time.sync",
	"target": "host:h",
	"parameters": {"min": 2},
	"body": body,
}

ids := {item.id | some item in rule.items}

sources(list) := document({"kept_by_host": false, "sources": [{"address": row[0], "type": row[1]} | some row in list]})

test_pass if {
	rule.verdict == "pass" with input as sources([["a", "server"], ["b", "server"]])
	every type in ["pool", "refclock", "ptp", "provider"] {
		rule.verdict == "pass" with input as sources([["a", type]])
	}
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
	rule.verdict == "fail" with input as sources([["a", "server"], ["a", "fallback"]])
}

fail_input := sources([["a", "server"]])

test_not_applicable if {
	rule.verdict == "not_applicable" with input as sources([])
	rule.verdict == "not_applicable" with input as object.union(fail_input, {"body": {"kept_by_host": true}})
}

test_malformed if {
	rule.verdict == "error" with input as sources([["a", null], ["b", null]])
	rule.verdict == "error" with input as document({"kept_by_host": false, "sources": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
