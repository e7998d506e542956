package exhibit.identity.secrets_and_keys.not_too_old_test

import data.exhibit.identity.secrets_and_keys.not_too_old as rule

document(body) := object.union({
	"kind": "identity.secrets_and_keys",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 730, "types": ["ssh_authorized_key", "access_key", "token"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
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
		{
			"type": "ssh_host_key",
			"account": "bob",
			"id": "h",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2019-01-01",
			"last_used": null,
			"expires": null,
			"enabled": true,
			"encrypted": null,
			"restrictions": [],
			"label": null,
			"owner": "bob",
			"mode": "0600",
			"source": "/home/bob/k:h",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := object.union(document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "bob",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2024-11-22",
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
}), {"parameters": {"max_days": 730.5, "types": ["ssh_authorized_key", "access_key", "token"]}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/home/bob/k:a", "/home/bob/k:b"} with input as fail_input
}

fail_input := document({
	"credentials": [
		{
			"type": "ssh_authorized_key",
			"account": "bob",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": "2024-01-01",
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
			"account": "bob",
			"id": "b",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": "2020-01-01",
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
			"account": "bob",
			"id": "a",
			"algorithm": "ssh-ed25519",
			"bits": 256,
			"created": null,
			"changed": null,
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

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2028-02-29T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2028-02-29T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

one(changes) := document({"credentials": [object.union(
	{"type": "ssh_authorized_key", "account": "a", "id": "SHA256:x", "algorithm": "ssh-ed25519", "bits": 256, "created": null, "changed": "2019-01-01", "last_used": "2019-01-01", "enabled": true, "restrictions": [], "mode": "0666", "source": "f:1"},
	changes,
)], "elsewhere": [], "complete": true})

test_not_applicable_switched_off if {
	rule.verdict == "fail" with input as one({})
	rule.verdict == "fail" with input as one({"enabled": null})
	rule.verdict == "not_applicable" with input as one({"enabled": false})
}
