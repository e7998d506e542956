package exhibit.patch.status.automatic_updates_succeed_test

import data.exhibit.patch.status.automatic_updates_succeed as rule

document(body) := object.union({
	"kind": "patch.status",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 7},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"automatic_updates": {
		"mechanism": "u",
		"installed": true,
		"enabled": true,
		"last_run": "2026-11-22T06:00:00Z",
		"last_result": "success",
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"u"} with input as fail_input
}

fail_input := document({
	"automatic_updates": {
		"mechanism": "u",
		"installed": true,
		"enabled": true,
		"last_run": "2026-11-02T06:00:00Z",
		"last_result": "success",
	},
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"u"} with input as fail_input_2
}

fail_input_2 := document({
	"automatic_updates": {
		"mechanism": "u",
		"installed": true,
		"enabled": true,
		"last_run": "2026-11-22T06:00:00Z",
		"last_result": "failure",
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"automatic_updates": {"mechanism": null, "installed": false, "enabled": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"automatic_updates": {
		"mechanism": "u",
		"installed": true,
		"enabled": true,
		"last_run": null,
		"last_result": null,
	},
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
	"automatic_updates": {
		"mechanism": "u",
		"installed": true,
		"enabled": true,
		"last_run": "2026-11-22T06:00:00Z",
		"last_result": null,
	},
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-29T06:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-29T06:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

run(changes) := document({"automatic_updates": object.union({"mechanism": "u", "installed": true, "enabled": true, "last_run": "2026-11-22T06:00:00Z", "last_result": "success"}, changes)})

test_not_applicable_off if {
	rule.verdict == "not_applicable" with input as run({"enabled": false, "last_result": "failure"})
	rule.verdict == "not_applicable" with input as run({"installed": false, "enabled": false})
	rule.verdict == "error" with input as run({"last_result": null})
	rule.verdict == "error" with input as run({"last_run": null})
}
