package exhibit.time.sync.one_time_daemon_test

import data.exhibit.time.sync.one_time_daemon as rule

document(body) := object.union({"kind": "time.sync", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"kept_by_host": false,
	"daemons": [{"name": "chrony", "enabled": true, "active": true}],
	"sources": [{"address": "a"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"chrony, ntpsec", "chrony", "sources"} with input as fail_input
}

fail_input := document({
	"kept_by_host": false,
	"daemons": [
		{"name": "chrony", "enabled": false, "active": true},
		{"name": "ntpsec", "enabled": true, "active": true},
	],
	"sources": [],
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"daemons"} with input as fail_input_2
}

fail_input_2 := document({"daemons": [], "sources": [{"address": "a"}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"kept_by_host": true, "daemons": [], "sources": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"daemons": [{"name": "chrony", "active": null, "enabled": null}],
	"sources": [{"address": "a"}],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
	"daemons": [{"name": "chrony", "active": true, "enabled": null}],
	"sources": [{"address": "a"}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
