package exhibit.identity.secrets_and_keys.strong_host_keys_test

import data.exhibit.identity.secrets_and_keys.strong_host_keys as rule

document(body) := object.union({
	"kind": "identity.secrets_and_keys",
	"target": "host:h",
	"parameters": {"broken": ["ssh-dss", "ssh-rsa1"], "min_rsa_bits": 2048},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"credentials": [
		{
			"type": "ssh_host_key",
			"account": "bob",
			"id": "h",
			"algorithm": "ssh-rsa",
			"bits": 2048,
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
			"source": "/home/bob/k:h",
		},
		{
			"type": "ssh_host_key",
			"account": "bob",
			"id": "i",
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
			"source": "/home/bob/k:i",
		},
	],
	"elsewhere": [],
	"complete": true,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/home/bob/k:h", "/home/bob/k:i"} with input as fail_input
}

fail_input := document({
	"credentials": [
		{
			"type": "ssh_host_key",
			"account": "bob",
			"id": "h",
			"algorithm": "ssh-rsa",
			"bits": 2047,
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
			"source": "/home/bob/k:h",
		},
		{
			"type": "ssh_host_key",
			"account": "bob",
			"id": "i",
			"algorithm": "ssh-dss",
			"bits": 1024,
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
			"source": "/home/bob/k:i",
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
			"type": "ssh_host_key",
			"account": "bob",
			"id": "h",
			"algorithm": null,
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
			"source": "/home/bob/k:h",
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

key(changes) := document({"credentials": [object.union({"type": "ssh_host_key", "account": null, "algorithm": "ssh-rsa", "bits": 2048, "source": "f"}, changes)], "elsewhere": [], "complete": true})

test_pass_at_the_limit_of_bits if {
	rule.verdict == "pass" with input as key({})
	rule.verdict == "fail" with input as key({"bits": 2047})
	rule.verdict == "pass" with input as key({"algorithm": "ssh-ed25519", "bits": null})
	rule.verdict == "error" with input as key({"bits": null})
}
