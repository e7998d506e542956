package exhibit.access.resource_permissions.sensitive_files_closed_test

import data.exhibit.access.resource_permissions.sensitive_files_closed as rule

document(body) := object.union({
	"kind": "access.resource_permissions",
	"target": "host:h",
	"parameters": {
		"may_be_read": [
			"/etc/passwd",
			"/etc/group",
			"/etc/ssh/sshd_config",
			"/etc/crontab",
			"/etc/cron.d",
			"/etc/cron.allow",
			"/etc/at.allow",
			"/etc/systemd/system",
			"/etc/ld.so.preload",
			"/boot/grub/grub.cfg",
			"/boot/grub2/grub.cfg",
			"/var/log",
		],
		"exceptions": [],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"resources": [
		{
			"id": "/etc/shadow",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0640",
			"anyone": [],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_pass_may_be_read if {
	rule.verdict == "pass" with input as pass_may_be_read_input
}

pass_may_be_read_input := document({
	"resources": [
		{
			"id": "/etc/passwd",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0644",
			"anyone": ["read"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_fail_changeable if {
	rule.verdict == "fail" with input as fail_changeable_input
	ids == {"/etc/passwd"} with input as fail_changeable_input
}

fail_changeable_input := document({
	"resources": [
		{
			"id": "/etc/passwd",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0666",
			"anyone": ["read", "write"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/etc/shadow"} with input as fail_input
}

fail_input := document({
	"resources": [
		{
			"id": "/etc/shadow",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0644",
			"anyone": ["read"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
		{
			"id": "/etc/gshadow",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0640",
			"anyone": [],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"resources": [
		{
			"id": "/etc/shadow",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0641",
			"anyone": ["execute"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"resources": [],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"resources": [
		{
			"id": "/etc/shadow",
			"type": "file",
			"findings": ["sensitive"],
			"owner": "root",
			"group": "root",
			"mode": "0640",
			"anyone": [],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 0,
		},
	],
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": false,
})

test_malformed_without_resources if {
	rule.verdict == "error" with input as malformed_without_resources_input
}

malformed_without_resources_input := document({
	"resources": null,
	"totals": {},
	"scopes": [
		{
			"id": "/",
			"type": "ext4",
			"state": "whole",
			"reason": null,
			"seen_about": 23000,
			"denied": 0,
			"skipped": 0,
		},
	],
	"complete": true,
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

sensitive(changes) := document({
	"resources": [object.union({"id": "/etc/shadow", "type": "file", "findings": ["sensitive"], "mode": "0666", "anyone": ["read", "write"]}, changes)],
	"totals": {},
	"scopes": [{"id": "/"}],
	"complete": true,
})

test_fail_told_once if {
	count(rule.items) == 1 with input as sensitive({})
	rule.verdict == "fail" with input as sensitive({})
}

test_not_applicable_not_sensitive if {
	rule.verdict == "not_applicable" with input as sensitive({"findings": ["world_writable"]})
	rule.verdict == "not_applicable" with input as object.union(sensitive({}), {"parameters": {"may_be_read": [], "exceptions": ["/etc/shadow"]}})
	rule.verdict == "error" with input as object.union(sensitive({"findings": []}), {"body": {"complete": false}})
}
