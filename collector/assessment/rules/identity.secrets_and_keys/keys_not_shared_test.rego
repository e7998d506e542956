package exhibit.identity.secrets_and_keys.keys_not_shared_test

import data.exhibit.identity.secrets_and_keys.keys_not_shared as rule

document(body) := object.union({
	"kind": "identity.secrets_and_keys",
	"target": "host:h",
	"parameters": {"max_accounts": 1},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
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
			"type": "ssh_authorized_key",
			"account": "eve",
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
	ids == {"a"} with input as fail_input
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
			"account": "eve",
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
			"id": null,
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
			"source": "/home/bob/k:None",
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

one(changes) := document({"credentials": [object.union(
	{"type": "ssh_authorized_key", "account": "a", "id": "SHA256:x", "algorithm": "ssh-ed25519", "bits": 256, "created": null, "changed": "2019-01-01", "last_used": "2019-01-01", "enabled": true, "restrictions": [], "mode": "0666", "source": "f:1"},
	changes,
)], "elsewhere": [], "complete": true})

test_pass_only_keys_that_open_count if {
	every changes in [{"enabled": false}, {"type": "ssh_host_key"}] {
		rule.verdict == "pass" with input as object.union(one({}), {"body": {"credentials": array.concat(
			one({}).body.credentials,
			one(object.union({"account": "b"}, changes)).body.credentials,
		)}})
	}
	rule.verdict == "fail" with input as object.union(one({}), {"body": {"credentials": array.concat(
		one({}).body.credentials,
		one({"account": "b"}).body.credentials,
	)}})
}
