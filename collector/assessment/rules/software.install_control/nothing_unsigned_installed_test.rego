package exhibit.software.install_control.nothing_unsigned_installed_test

import data.exhibit.software.install_control.nothing_unsigned_installed as rule

document(body) := object.union({
	"kind": "software.install_control",
	"target": "host:h",
	"parameters": {"exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"sources": [],
	"managers": [{"name": "apt", "signature_required": true, "weakened_by": [], "unsigned": []}],
	"installers": [],
	"running": [],
	"enforcement": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"x1"} with input as fail_input
}

fail_input := document({
	"sources": [],
	"managers": [{"name": "snap", "signature_required": true, "weakened_by": [], "unsigned": ["x1"]}],
	"installers": [],
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
	"managers": [{"name": "apt", "signature_required": true, "weakened_by": [], "unsigned": null}],
	"installers": [],
	"running": [],
	"enforcement": [],
})

test_malformed_without_managers if {
	rule.verdict == "error" with input as malformed_without_managers_input
}

malformed_without_managers_input := document({"sources": [], "managers": null, "installers": [], "running": [], "enforcement": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_excepted if {
	rule.verdict == "pass" with input as object.union(
		document({"managers": [{"name": "snap", "unsigned": ["x"]}]}),
		{"parameters": {"exceptions": ["x"]}},
	)
}
