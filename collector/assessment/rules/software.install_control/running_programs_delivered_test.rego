package exhibit.software.install_control.running_programs_delivered_test

import data.exhibit.software.install_control.running_programs_delivered as rule

document(body) := object.union({
	"kind": "software.install_control",
	"target": "host:h",
	"parameters": {"judged": true, "exceptions": []},
}, {"body": object.union({"running_complete": true}, body)})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"sources": [],
	"managers": [],
	"installers": [],
	"running": [{"path": "/x", "state": "foreign", "users": ["root"]}],
	"enforcement": [],
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({"sources": [], "managers": [], "installers": [], "running": [], "enforcement": []})

test_pass_excepted if {
	rule.verdict == "pass" with input as pass_excepted_input
}

pass_excepted_input := object.union(document({
	"sources": [],
	"managers": [],
	"installers": [],
	"running": [{"path": "/opt/tool/bin/t", "state": "unowned", "users": ["root"]}],
	"enforcement": [],
}), {"parameters": {"judged": true, "exceptions": ["/opt/tool/"]}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/opt/tool/bin/t"} with input as fail_input
}

fail_input := document({
	"sources": [],
	"managers": [],
	"installers": [],
	"running": [
		{"path": "/opt/tool/bin/t", "state": "unowned", "users": ["root"]},
		{"path": "/usr/sbin/y", "state": "deleted", "users": ["root"]},
	],
	"enforcement": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"sources": [], "managers": [], "installers": [], "running": [], "enforcement": []}), {"parameters": {"judged": false, "exceptions": []}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"sources": [],
	"managers": [],
	"installers": [],
	"running": [{"path": "/x", "state": "odd", "users": ["root"]}],
	"enforcement": [],
})

test_malformed_without_running if {
	rule.verdict == "error" with input as malformed_without_running_input
}

malformed_without_running_input := document({"sources": [], "managers": [], "installers": [], "running": null, "enforcement": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

runs(path) := object.union(
	document({"running": [{"path": path, "state": "unowned", "users": ["x"]}]}),
	{"parameters": {"judged": true, "exceptions": ["/opt/app", "/srv/tools/"]}},
)

test_pass_excepted_places if {
	rule.verdict == "pass" with input as runs("/opt/app")
	rule.verdict == "pass" with input as runs("/opt/app/bin/x")
	rule.verdict == "pass" with input as runs("/srv/tools/x")
	rule.verdict == "fail" with input as runs("/opt/application/x")
	rule.verdict == "fail" with input as runs("/srv/toolsmith")
}

test_malformed_programs_of_others_unseen if {
	rule.verdict == "error" with input as document({"running": [], "running_complete": false})
	rule.verdict == "pass" with input as document({"running": []})
}
