package exhibit.patch.status.automatic_updates_on_test

import data.exhibit.patch.status.automatic_updates_on as rule

document(body) := object.union({"kind": "patch.status", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"kernel": {},
	"automatic_updates": {"mechanism": "unattended-upgrades", "installed": true, "enabled": true},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"automatic_updates"} with input as fail_input
}

fail_input := document({
	"kernel": {},
	"automatic_updates": {"mechanism": null, "installed": false, "enabled": null},
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"unattended-upgrades"} with input as fail_input_2
}

fail_input_2 := document({
	"kernel": {},
	"automatic_updates": {"mechanism": "unattended-upgrades", "installed": true, "enabled": false},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"kernel": null,
	"automatic_updates": {"mechanism": null, "installed": false, "enabled": null},
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"kernel": {},
	"automatic_updates": {"mechanism": "unattended-upgrades", "installed": true, "enabled": null},
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

updates(changes) := document({"counts": {"installed": 9}, "kernel": {}, "automatic_updates": object.union({"mechanism": "u", "installed": true, "enabled": true}, changes)})

test_fail_each_way if {
	rule.verdict == "pass" with input as updates({})
	rule.verdict == "fail" with input as updates({"enabled": false})
	rule.verdict == "fail" with input as updates({"installed": false, "enabled": false, "mechanism": null})
	count(rule.items) == 1 with input as updates({"installed": false, "enabled": false, "mechanism": null})
	rule.verdict == "error" with input as updates({"enabled": null})
}

test_not_applicable_nothing_to_update if {
	rule.verdict == "not_applicable" with input as object.union(updates({"enabled": false}), {"body": {"counts": {"installed": 0}}})
	rule.verdict == "not_applicable" with input as object.union(updates({"enabled": false}), {"body": {"kernel": null}})
}
