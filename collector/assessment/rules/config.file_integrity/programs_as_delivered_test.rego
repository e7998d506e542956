package exhibit.config.file_integrity.programs_as_delivered_test

import data.exhibit.config.file_integrity.programs_as_delivered as rule

document(body) := object.union({
	"kind": "config.file_integrity",
	"target": "host:h",
	"parameters": {"changes": ["content", "missing"], "exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [
			{
				"path": "/etc/ssh/sshd_config",
				"package": "coreutils",
				"change": "content",
				"configuration": true,
			},
		],
		"without_sums": [],
	},
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/bin/ls"} with input as fail_input
}

fail_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": true,
		"changed": [
			{
				"path": "/bin/ls",
				"package": "coreutils",
				"change": "content",
				"configuration": false,
			},
			{
				"path": "/etc/x",
				"package": "coreutils",
				"change": "content",
				"configuration": true,
			},
		],
		"without_sums": [],
	},
})

test_fail_though_not_all_was_seen if {
	rule.verdict == "fail" with input as fail_though_not_all_was_seen_input
	ids == {"/bin/ls"} with input as fail_though_not_all_was_seen_input
}

fail_though_not_all_was_seen_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": false,
		"changed": [
			{
				"path": "/bin/ls",
				"package": "coreutils",
				"change": "content",
				"configuration": false,
			},
		],
		"without_sums": [],
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 0,
		"complete": true,
		"changed": [],
		"without_sums": [],
	},
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"monitors": [],
	"delivered": {
		"method": "dpkg md5sums",
		"scope": "programs",
		"files": 4000,
		"complete": false,
		"changed": [],
		"without_sums": [],
	},
})

test_malformed_not_compared if {
	rule.verdict == "error" with input as malformed_not_compared_input
}

malformed_not_compared_input := document({"monitors": [], "delivered": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

delivered(changes) := document({"delivered": object.union(
	{"method": "dpkg md5sums", "scope": "programs", "files": 9, "complete": true, "changed": [], "without_sums": []},
	changes,
)})

file(path, change) := {"path": path, "package": "p", "change": change, "configuration": false}

test_pass_by_rpm_itself if {
	rule.verdict == "pass" with input as delivered({"method": "rpm -Va", "files": 0})
	rule.verdict == "not_applicable" with input as delivered({"files": 0})
}

test_fail_by_rpm_itself if {
	rule.verdict == "fail" with input as fail_by_rpm_itself_input
}

fail_by_rpm_itself_input := delivered({"method": "rpm -Va", "files": 0, "changed": [file("/usr/bin/x", "missing")]})

test_pass_only_what_the_parameters_name if {
	rule.verdict == "pass" with input as object.union(
		delivered({"changed": [file("/usr/bin/x", "attributes"), file("/usr/bin/y", "content")]}),
		{"parameters": {"changes": ["content", "missing"], "exceptions": ["/usr/bin/y"]}},
	)
}
