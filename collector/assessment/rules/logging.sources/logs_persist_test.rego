package exhibit.logging.sources.logs_persist_test

import data.exhibit.logging.sources.logs_persist as rule

document(body) := object.union({"kind": "logging.sources", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"audit": {},
	"recorders": [
		{"name": "journald", "active": true, "enabled": true, "persistent": false},
		{"name": "rsyslog", "active": true, "enabled": true, "persistent": true},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"journald"} with input as fail_input
}

fail_input := document({
	"audit": {},
	"recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": false}],
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"recorders"} with input as fail_input_2
}

fail_input_2 := document({"audit": {"installed": false}, "recorders": []})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"audit": null, "recorders": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"audit": {},
	"recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": null}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

recorders(list) := document({"audit": {}, "recorders": list})

recorder(changes) := object.union({"name": "rsyslog", "active": true, "enabled": true, "persistent": true}, changes)

test_fail_each_way if {
	rule.verdict == "pass" with input as recorders([recorder({})])
	rule.verdict == "pass" with input as recorders([recorder({"enabled": null})])
	rule.verdict == "fail" with input as recorders([recorder({"active": false})])
	rule.verdict == "fail" with input as recorders([recorder({"persistent": false})])
	rule.verdict == "fail" with input as recorders([recorder({"enabled": false})])
	rule.verdict == "error" with input as document({"audit": null, "recorders": null})
}

test_malformed_one_may_last if {
	rule.verdict == "error" with input as recorders([recorder({"name": "journald", "persistent": null}), recorder({"active": false})])
	rule.verdict == "error" with input as recorders([recorder({"active": null})])
}

test_pass_one_of_two_is_enough if {
	rule.verdict == "pass" with input as recorders([recorder({}), recorder({"name": "x", "active": false, "persistent": false})])
	count(rule.items) == 0 with input as recorders([recorder({}), recorder({"name": "x", "active": false, "persistent": false})])
}

whys := {item.why | some item in rule.items}

test_fail_says_what_each_lacks if {
	whys == {"does not run"} with input as recorders([recorder({"active": false})])
	whys == {"does not keep its records across a restart"} with input as recorders([recorder({"persistent": false})])
	whys == {"runs and does not start with the system"} with input as recorders([recorder({"enabled": false})])
}
