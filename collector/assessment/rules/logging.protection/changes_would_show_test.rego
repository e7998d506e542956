package exhibit.logging.protection.changes_would_show_test

import data.exhibit.logging.protection.changes_would_show as rule

document(body) := object.union({
	"kind": "logging.protection",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"stores": [
		{
			"path": "/a",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [
		{
			"name": "journald-seal",
			"configured": true,
			"in_force": true,
			"source": "/etc/systemd/journald.conf",
		},
	],
	"remote_copies": [],
})

test_pass_by_copy if {
	rule.verdict == "pass" with input as pass_by_copy_input
}

pass_by_copy_input := document({
	"stores": [
		{
			"path": "/a",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [],
	"remote_copies": [
		{
			"mechanism": "rsyslog",
			"destination": "logs.example.org:6514",
			"encrypted": true,
			"buffered": true,
			"source": "/etc/rsyslog.d/60.conf:3",
		},
	],
})

test_pass_by_attribute if {
	rule.verdict == "pass" with input as pass_by_attribute_input
}

pass_by_attribute_input := document({
	"stores": [
		{
			"path": "/a",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": true,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [],
	"remote_copies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"records"} with input as fail_input
}

fail_input := document({
	"stores": [
		{
			"path": "/a",
			"kind": "security",
			"owner": "root",
			"group": "adm",
			"mode": "0640",
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [
		{
			"name": "journald-seal",
			"configured": true,
			"in_force": false,
			"source": "/etc/systemd/journald.conf",
		},
	],
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
			"readable_by": "group",
			"writable_by": "owner",
			"append_only": false,
			"encrypted": null,
		},
	],
	"retention": [],
	"sealing": [
		{
			"name": "journald-seal",
			"configured": true,
			"in_force": null,
			"source": "/etc/systemd/journald.conf",
		},
	],
	"remote_copies": [],
})

test_malformed_without_stores if {
	rule.verdict == "error" with input as malformed_without_stores_input
}

malformed_without_stores_input := document({
	"stores": null,
	"retention": [],
	"sealing": [
		{
			"name": "journald-seal",
			"configured": true,
			"in_force": true,
			"source": "/etc/systemd/journald.conf",
		},
	],
	"remote_copies": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_a_seal_unknown if {
	rule.verdict == "error" with input as document({
		"stores": [{"path": "/var/log/journal", "append_only": null}],
		"sealing": [{"name": "journald-seal", "in_force": null}],
		"remote_copies": [],
	})
}
