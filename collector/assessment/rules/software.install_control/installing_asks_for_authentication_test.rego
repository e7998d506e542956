package exhibit.software.install_control.installing_asks_for_authentication_test

import data.exhibit.software.install_control.installing_asks_for_authentication as rule

document(body) := object.union({
	"kind": "software.install_control",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"sources": [],
	"managers": [],
	"installers": [
		{
			"principal": "%sudo",
			"tools": ["ALL"],
			"via": "sudo",
			"authentication_required": true,
			"source": "/etc/sudoers:27",
		},
	],
	"running": [],
	"enforcement": [],
})

test_pass_program_decides if {
	rule.verdict == "pass" with input as pass_program_decides_input
}

pass_program_decides_input := document({
	"sources": [],
	"managers": [],
	"installers": [
		{
			"principal": null,
			"tools": ["ALL"],
			"via": "polkit",
			"authentication_required": null,
			"source": "/etc/sudoers:27",
		},
	],
	"running": [],
	"enforcement": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"%sudo"} with input as fail_input
}

fail_input := document({
	"sources": [],
	"managers": [],
	"installers": [
		{
			"principal": "%sudo",
			"tools": ["ALL"],
			"via": "sudo",
			"authentication_required": false,
			"source": "/etc/sudoers:27",
		},
	],
	"running": [],
	"enforcement": [],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"sources": [], "managers": [], "installers": [], "running": [], "enforcement": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"sources": [],
	"managers": [],
	"installers": [
		{
			"principal": "%sudo",
			"tools": ["ALL"],
			"via": "sudo",
			"authentication_required": "no",
			"source": "/etc/sudoers:27",
		},
	],
	"running": [],
	"enforcement": [],
})

test_malformed_without_installers if {
	rule.verdict == "error" with input as malformed_without_installers_input
}

malformed_without_installers_input := document({"sources": [], "managers": [], "installers": null, "running": [], "enforcement": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
