package exhibit.identity.secrets_and_keys.administrator_keys_restricted_test

import data.exhibit.identity.secrets_and_keys.administrator_keys_restricted as rule

document(body) := object.union({
	"kind": "identity.secrets_and_keys",
	"target": "host:h",
	"parameters": {"accounts": ["root"], "suffice": ["from", "command"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "root",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": ["from"],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:a",
		},
		{
			"type": "ssh_authorized_key",
			"account": "bob",
			"id": "b",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": [],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:b",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/home/bob/k:a"} with input as fail_input
}

fail_input := document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "root",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": [],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:a",
		},
		{
			"type": "ssh_authorized_key",
			"account": "root",
			"id": "b",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": ["command"],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:b",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "bob",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": [],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:a",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"credentials": [], "elsewhere": [], "complete": true})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "root",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2026-03-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": null,
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:a",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_malformed_incomplete if {
	rule.verdict == "error" with input as malformed_incomplete_input
}

malformed_incomplete_input := document({"credentials": [], "elsewhere": [], "complete": false})

test_malformed_without_credentials if {
	rule.verdict == "error" with input as malformed_without_credentials_input
}

malformed_without_credentials_input := document({"credentials": null, "elsewhere": [], "complete": true})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

key(changes) := document({"credentials": [object.union({"type": "ssh_authorized_key", "account": "root", "enabled": true, "restrictions": [], "source": "f:1"}, changes)], "elsewhere": [], "complete": true})

test_fail_restriction_that_leaves_all_open if {
	rule.verdict == "fail" with input as key({"restrictions": ["no-pty"]})
	rule.verdict == "pass" with input as key({"restrictions": ["from", "no-pty"]})
	rule.verdict == "pass" with input as key({"restrictions": ["command"]})
	rule.verdict == "pass" with input as key({"type": "access_key", "restrictions": ["read"]})
	rule.verdict == "fail" with input as key({"type": "access_key"})
}

test_malformed_restrictions_unknown if {
	rule.verdict == "error" with input as key({"restrictions": null})
}

test_not_applicable_other_keys if {
	rule.verdict == "not_applicable" with input as key({"type": "ssh_host_key"})
	rule.verdict == "not_applicable" with input as key({"account": "alice"})
	rule.verdict == "not_applicable" with input as key({"enabled": false})
}
