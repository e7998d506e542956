package exhibit.access.resource_permissions.everything_owned_test

import data.exhibit.access.resource_permissions.everything_owned as rule

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
	ids == {"/srv/g", "/srv/old"} with input as fail_input
}

fail_input := document({
	"resources": [
		{
			"id": "/srv/old",
			"type": "file",
			"findings": ["unowned_user"],
			"owner": "1007",
			"group": "root",
			"mode": "0755",
			"anyone": ["execute", "read"],
			"grants": [],
			"capabilities": null,
			"package": null,
			"package_checked": false,
			"below": 12,
		},
		{
			"id": "/srv/g",
			"type": "file",
			"findings": ["unowned_group"],
			"owner": "root",
			"group": "1008",
			"mode": "0755",
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"resources": [], "totals": {}, "scopes": [], "complete": true})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({
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

test_pass_excepted if {
	rule.verdict == "pass" with input as object.union(fail_input, {"parameters": {"exceptions": [resource.id | some resource in fail_input.body.resources]}})
}

test_malformed_incomplete_and_empty if {
	rule.verdict == "error" with input as document({"resources": [], "totals": {}, "scopes": [], "complete": false})
}
