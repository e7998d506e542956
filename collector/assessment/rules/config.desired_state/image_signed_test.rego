package exhibit.config.desired_state.image_signed_test

import data.exhibit.config.desired_state.image_signed as rule

document(body) := object.union({
	"kind": "config.desired_state",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
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

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"bootc"} with input as fail_input
}

fail_input := document({
	"managers": [],
	"image": {
		"mechanism": "bootc",
		"reference": "registry.example.org/os:9",
		"digest": "sha256:00",
		"signed": false,
		"layered": false,
		"source": "/run/ostree-booted",
	},
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"managers": [], "image": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"managers": [],
	"image": {
		"mechanism": "bootc",
		"reference": "registry.example.org/os:9",
		"digest": "sha256:00",
		"signed": null,
		"layered": false,
		"source": "/run/ostree-booted",
	},
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
