package exhibit.patch.status.programs_restarted_test

import data.exhibit.patch.status.programs_restarted as rule

document(body) := object.union({
	"kind": "patch.status",
	"target": "host:h",
	"parameters": {"exceptions": ["/usr/bin/x"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": [],
	"outdated_complete": true,
})

test_pass_excepted if {
	rule.verdict == "pass" with input as pass_excepted_input
}

pass_excepted_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": [{"program": "/usr/bin/x", "unit": null, "libraries": ["/usr/lib/libssl.so.3"]}],
	"outdated_complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/usr/bin/y", "nginx.service"} with input as fail_input
}

fail_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": [
		{
			"program": "/usr/sbin/nginx",
			"unit": "nginx.service",
			"libraries": ["/usr/lib/libssl.so.3"],
		},
		{"program": "/usr/bin/y", "unit": null, "libraries": ["/usr/lib/libssl.so.3"]},
	],
	"outdated_complete": true,
})

test_fail_although_not_all_is_seen if {
	rule.verdict == "fail" with input as fail_although_not_all_is_seen_input
	ids == {"/usr/bin/y"} with input as fail_although_not_all_is_seen_input
}

fail_although_not_all_is_seen_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": [{"program": "/usr/bin/y", "unit": null, "libraries": ["/usr/lib/libssl.so.3"]}],
	"outdated_complete": false,
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"kernel": null, "outdated_programs": null, "outdated_complete": false})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": null,
	"outdated_complete": false,
})

test_malformed_not_all_seen if {
	rule.verdict == "error" with input as malformed_not_all_seen_input
}

malformed_not_all_seen_input := document({
	"kernel": {"running": "6.1", "newest_installed": "6.1"},
	"outdated_programs": [],
	"outdated_complete": false,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
