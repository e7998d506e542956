package exhibit.access.resource_permissions.privileged_programs_delivered_test

import data.exhibit.access.resource_permissions.privileged_programs_delivered as rule

document(body) := object.union({
	"kind": "access.resource_permissions",
	"target": "host:h",
	"parameters": {"exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"resources": [
		{
			"id": "/usr/bin/ping",
			"type": "file",
			"findings": ["capabilities"],
			"owner": "root",
			"group": "root",
			"mode": "0755",
			"anyone": ["execute", "read"],
			"grants": [],
			"capabilities": null,
			"package": "iputils-ping",
			"package_checked": true,
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
	ids == {"/opt/x/helper"} with input as fail_input
}

fail_input := document({
	"resources": [
		{
			"id": "/opt/x/helper",
			"type": "file",
			"findings": ["setuid"],
			"owner": "root",
			"group": "root",
			"mode": "4755",
			"anyone": ["execute", "read"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": true,
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

test_pass_excepted if {
	rule.verdict == "pass" with input as pass_excepted_input
}

pass_excepted_input := object.union(document({
	"resources": [
		{
			"id": "/opt/x/helper",
			"type": "file",
			"findings": ["setuid"],
			"owner": "root",
			"group": "root",
			"mode": "4755",
			"anyone": ["execute", "read"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": true,
			"below": 0,
		},
		{
			"id": "/usr/bin/su",
			"type": "file",
			"findings": ["setuid"],
			"owner": "root",
			"group": "root",
			"mode": "4755",
			"anyone": ["execute", "read"],
			"grants": [],
			"capabilities": null,
			"package": "util-linux",
			"package_checked": true,
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
}), {"parameters": {"exceptions": ["/opt/x/helper"]}})

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
			"id": "/opt/x/helper",
			"type": "file",
			"findings": ["setuid"],
			"owner": "root",
			"group": "root",
			"mode": "4755",
			"anyone": ["execute", "read"],
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

program(changes) := object.union(
	{
		"id": "/usr/bin/x",
		"type": "file",
		"findings": ["setuid"],
		"owner": "root",
		"group": "root",
		"mode": "4755",
		"package": "p",
		"package_checked": true,
		"below": 0,
	},
	changes,
)

found(resources) := document({"resources": resources, "totals": {}, "scopes": [{"id": "/"}], "complete": true})

test_malformed_cut_short if {
	rule.verdict == "error" with input as object.union(found([program({})]), {"body": {"totals": {"setuid": 2}}})
	rule.verdict == "pass" with input as object.union(found([program({})]), {"body": {"totals": {"setuid": 1}}})
	rule.verdict == "error" with input as object.union(found([]), {"body": {"totals": {"setgid": 1}}})
	rule.verdict == "error" with input as object.union(found([]), {"body": {"totals": {"capabilities": 1}}})
}

test_malformed_incomplete_and_none if {
	rule.verdict == "error" with input as object.union(found([program({})]), {"body": {"complete": false}})
	rule.verdict == "error" with input as object.union(found([]), {"body": {"complete": false}})
}

test_fail_each_way if {
	every finding in ["setuid", "setgid", "capabilities"] {
		rule.verdict == "fail" with input as found([program(object.union(offence, {"findings": [finding]}))])
	}
}

test_not_applicable_other_findings if {
	rule.verdict == "not_applicable" with input as found([program(object.union(offence, {"findings": ["acl"]}))])
	rule.verdict == "not_applicable" with input as found([program(object.union(offence, {"type": "directory"}))])
	rule.verdict == "not_applicable" with input as object.union(found([program(offence)]), {"parameters": {"exceptions": ["/usr/bin/x"]}})
}

offence := {"package": null}
