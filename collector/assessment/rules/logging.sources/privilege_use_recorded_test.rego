package exhibit.logging.sources.privilege_use_recorded_test

import data.exhibit.logging.sources.privilege_use_recorded as rule

document(body) := object.union({"kind": "logging.sources", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"audit": {},
	"recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": true}],
	"privilege_use": ["syslog"],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"privilege_use"} with input as fail_input
}

fail_input := document({
	"audit": {},
	"recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": true}],
	"privilege_use": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"audit": null, "recorders": [], "privilege_use": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"audit": {},
	"recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": true}],
	"privilege_use": null,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_nothing_told if {
	rule.verdict == "error" with input as document({"audit": null, "recorders": [{"name": "journald"}], "privilege_use": null})
	rule.verdict == "error" with input as document({"audit": {}, "recorders": [], "privilege_use": null})
	rule.verdict == "fail" with input as document({"audit": {}, "recorders": [], "privilege_use": []})
}
