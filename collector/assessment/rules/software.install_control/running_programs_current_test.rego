package exhibit.software.install_control.running_programs_current_test

import data.exhibit.software.install_control.running_programs_current as rule

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
	"running": [{"path": "/x", "state": "unowned", "users": ["root"]}],
	"enforcement": [],
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({"sources": [], "managers": [], "installers": [], "running": [], "enforcement": []})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/usr/sbin/y"} with input as fail_input
}

fail_input := document({
	"sources": [],
	"managers": [],
	"installers": [],
	"running": [{"path": "/usr/sbin/y", "state": "deleted", "users": ["root"]}],
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

test_malformed_programs_of_others_unseen if {
	rule.verdict == "error" with input as document({"running": [], "running_complete": false})
	rule.verdict == "pass" with input as document({"running": []})
}

ran(changes) := document({"running": [object.union({"path": "/usr/bin/x", "state": "deleted", "users": ["x"]}, changes)]})

test_fail_only_what_is_gone if {
	rule.verdict == "fail" with input as ran({})
	rule.verdict == "pass" with input as ran({"state": "unowned"})
	rule.verdict == "pass" with input as ran({"state": "foreign"})
	rule.verdict == "error" with input as ran({"state": "odd"})
	rule.verdict == "pass" with input as object.union(ran({}), {"parameters": {"judged": true, "exceptions": ["/usr/bin/x"]}})
	rule.verdict == "not_applicable" with input as object.union(ran({}), {"parameters": {"judged": false, "exceptions": []}})
}
