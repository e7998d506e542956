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
