package exhibit.identity.accounts.no_dormant_accounts_test

import data.exhibit.identity.accounts.no_dormant_accounts as rule

document(body) := object.union({
	"kind": "identity.accounts",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 90},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"last_sign_in": {"state": "known", "date": "2026-11-20"},
		},
		{
			"name": "new",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"last_sign_in": {"state": "never", "date": null},
			"created": "2026-11-01",
		},
		{
			"name": "off",
			"uid": 1000,
			"type": "person",
			"enabled": false,
			"login_allowed": true,
			"source": "files",
			"groups": [],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a", "b"} with input as fail_input
}

fail_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"last_sign_in": {"state": "known", "date": "2026-01-20"},
		},
		{
			"name": "b",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"last_sign_in": {"state": "never", "date": null},
			"created": null,
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"accounts": [
		{
			"name": "root",
			"uid": 1000,
			"type": "system",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
		},
	],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"accounts": [
		{
			"name": "a",
			"uid": 1000,
			"type": "person",
			"enabled": true,
			"login_allowed": true,
			"source": "files",
			"groups": [],
			"last_sign_in": {"state": "unknown", "date": null},
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
