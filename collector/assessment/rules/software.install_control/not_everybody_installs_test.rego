package exhibit.software.install_control.not_everybody_installs_test

import data.exhibit.software.install_control.not_everybody_installs as rule

document(body) := object.union({
	"kind": "software.install_control",
	"target": "host:h",
	"parameters": {"everybody": ["ALL", "%users", "*", "everyone", "unix-group:users"]},
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
		{
			"principal": null,
			"tools": ["ALL"],
			"via": "sudo",
			"authentication_required": true,
			"source": "/etc/sudoers:27",
		},
	],
	"running": [],
	"enforcement": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/etc/sudoers:27"} with input as fail_input
}

fail_input := document({
	"sources": [],
	"managers": [],
	"installers": [
		{
			"principal": "ALL",
			"tools": ["ALL"],
			"via": "sudo",
			"authentication_required": true,
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

malformed_input := document({"sources": [], "managers": [], "installers": "ALL", "running": [], "enforcement": []})

test_malformed_without_installers if {
	rule.verdict == "error" with input as malformed_without_installers_input
}

malformed_without_installers_input := document({"sources": [], "managers": [], "installers": null, "running": [], "enforcement": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
