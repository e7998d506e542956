package exhibit.config.desired_state.state_is_declared_test

import data.exhibit.config.desired_state.state_is_declared as rule

document(body) := object.union({
	"kind": "config.desired_state",
	"target": "host:h",
	"parameters": {"required": true},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"managers": [
		{
			"name": "puppet",
			"active": true,
			"enabled": true,
			"scheduled_by": [],
			"server": "puppet.example.org",
			"last_run": "2026-11-22T09:00:00Z",
			"last_result": "unchanged",
			"version": "17",
			"changed": 0,
			"failed": 0,
			"total": 211,
			"no_operation": false,
			"source": "/opt/summary.yaml",
		},
	],
	"image": null,
})

test_pass_image if {
	rule.verdict == "pass" with input as pass_image_input
}

pass_image_input := document({
	"managers": [],
	"image": {
		"mechanism": "bootc",
		"reference": "registry.example.org/os:9",
		"digest": "sha256:00",
		"signed": true,
		"layered": false,
		"source": "/run/ostree-booted",
	},
})

test_fail_empty if {
	rule.verdict == "fail" with input as fail_empty_input
	ids == {"configuration"} with input as fail_empty_input
}

fail_empty_input := document({"managers": [], "image": null})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"managers": [], "image": null}), {"parameters": {"required": false}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"managers": []})

test_malformed_without_managers if {
	rule.verdict == "error" with input as malformed_without_managers_input
}

malformed_without_managers_input := document({"managers": null, "image": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

manager(changes) := object.union({"name": "puppet", "active": false, "enabled": false, "scheduled_by": [], "last_run": null}, changes)

state(managers, image) := document({"managers": managers, "image": image})

test_fail_installed_and_idle if {
	rule.verdict == "fail" with input as fail_installed_and_idle_input
	ids == {"puppet"} with input as fail_installed_and_idle_input
}

fail_installed_and_idle_input := state([manager({})], null)

test_pass_each_way if {
	rule.verdict == "pass" with input as state([manager({"active": true})], null)
	rule.verdict == "pass" with input as state([manager({"scheduled_by": ["x.timer"]})], null)
	rule.verdict == "pass" with input as state([manager({"last_run": "2026-11-22T09:00:00Z"})], null)
	rule.verdict == "pass" with input as state([manager({}), manager({"name": "salt", "active": true})], null)
	rule.verdict == "pass" with input as state([manager({})], {"mechanism": "ostree"})
}

test_malformed_may_be_at_work if {
	rule.verdict == "error" with input as state([manager({"active": null})], null)
	rule.verdict == "error" with input as state([manager({}), manager({"name": "salt", "active": null})], null)
}

test_not_applicable_not_required if {
	rule.verdict == "not_applicable" with input as object.union(state([], null), {"parameters": {"required": false}})
	rule.verdict == "pass" with input as object.union(state([manager({"active": true})], null), {"parameters": {"required": false}})
}
