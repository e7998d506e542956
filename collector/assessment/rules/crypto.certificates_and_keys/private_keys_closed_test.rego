package exhibit.crypto.certificates_and_keys.private_keys_closed_test

import data.exhibit.crypto.certificates_and_keys.private_keys_closed as rule

document(body) := object.union({
	"kind": "crypto.certificates_and_keys",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"certificates": [],
	"keys": [
		{
			"id": "/a",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0600",
			"changed": "2026-10-01",
			"encrypted": false,
		},
		{
			"id": "/b",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0640",
			"changed": "2026-10-01",
			"encrypted": false,
		},
	],
	"trust": null,
	"complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/a", "/b"} with input as fail_input
}

fail_input := document({
	"certificates": [],
	"keys": [
		{
			"id": "/a",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0644",
			"changed": "2026-10-01",
			"encrypted": false,
		},
		{
			"id": "/b",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0660",
			"changed": "2026-10-01",
			"encrypted": false,
		},
		{
			"id": "/c",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0600",
			"changed": "2026-10-01",
			"encrypted": false,
		},
	],
	"trust": null,
	"complete": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"certificates": [], "keys": [], "trust": null, "complete": true})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"certificates": [],
	"keys": [
		{
			"id": "arn",
			"used_by": ["nginx"],
			"owner": null,
			"group": null,
			"mode": null,
			"changed": "2026-10-01",
			"encrypted": false,
		},
	],
	"trust": null,
	"complete": true,
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"certificates": [],
	"keys": [
		{
			"id": "/a",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "rw",
			"changed": "2026-10-01",
			"encrypted": false,
		},
	],
	"trust": null,
	"complete": true,
})

test_malformed_incomplete if {
	rule.verdict == "error" with input as malformed_incomplete_input
}

malformed_incomplete_input := document({
	"certificates": [],
	"keys": [
		{
			"id": "/a",
			"used_by": ["nginx"],
			"owner": "root",
			"group": "root",
			"mode": "0600",
			"changed": "2026-10-01",
			"encrypted": false,
		},
	],
	"trust": null,
	"complete": false,
})

test_malformed_without_keys if {
	rule.verdict == "error" with input as malformed_without_keys_input
}

malformed_without_keys_input := document({"certificates": [], "keys": null, "trust": null, "complete": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_incomplete_and_none if {
	rule.verdict == "error" with input as document({"keys": [], "complete": false})
	rule.verdict == "not_applicable" with input as document({"keys": [], "complete": true})
}
