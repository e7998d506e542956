package exhibit.logging.protection.security_records_not_open_test

import data.exhibit.logging.protection.security_records_not_open as rule

document(body) := object.union({
	"kind": "logging.protection",
	"target": "host:h",
	"parameters": {"kinds": ["security", "audit"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"stores": [
		{
			"path": "/var/log/auth.log",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
		{
			"path": "/var/log/dpkg.log",
			"kind": "package",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "everyone",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [],
	"remote_copies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/var/log/auth.log"} with input as fail_input
}

fail_input := document({
	"stores": [
		{
			"path": "/var/log/auth.log",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0644",
			"readable_by": "everyone",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [],
	"remote_copies": [],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"stores": [], "retention": [], "sealing": [], "remote_copies": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"stores": [
		{
			"path": "/a",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "unknown",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [],
	"remote_copies": [],
})

test_malformed_without_stores if {
	rule.verdict == "error" with input as malformed_without_stores_input
}

malformed_without_stores_input := document({"stores": null, "retention": [], "sealing": [], "remote_copies": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

store(reach) := document({"stores": [{"path": "/var/log/auth.log", "kind": "security", "mode": "0640", "readable_by": reach}]})

test_pass_each_reach if {
	rule.verdict == "pass" with input as store("owner")
	rule.verdict == "pass" with input as store("group")
	rule.verdict == "error" with input as store("unknown")
	rule.verdict == "fail" with input as store("everyone")
}
