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
			"created": "2025-01-01",
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

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2027-01-30T00:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2027-01-30T00:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

one(changes) := document({"accounts": [object.union(
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
		"password": {"last_changed": "2026-11-01"},
	},
	changes,
)]})

test_pass_new_by_its_password if {
	rule.verdict == "pass" with input as one({})
}

test_fail_old_by_its_password if {
	rule.verdict == "fail" with input as fail_old_by_its_password_input
}

fail_old_by_its_password_input := one({"password": {"last_changed": "2026-08-23"}})

test_malformed_age_unknown if {
	rule.verdict == "error" with input as one({"password": null})
	rule.verdict == "error" with input as one({"password": {"last_changed": null}})
	rule.verdict == "error" with input as one({"last_sign_in": {"state": "known", "date": null}})
	rule.verdict == "error" with input as one({"last_sign_in": {"state": "known", "date": "2027-11-01"}})
	rule.verdict == "error" with input as one({"created": "2030-01-01", "password": null})
}

test_not_applicable_cannot_sign_in if {
	rule.verdict == "not_applicable" with input as one({"enabled": false})
	rule.verdict == "not_applicable" with input as one({"login_allowed": false})
}

test_malformed_list_cut_short if {
	rule.verdict == "error" with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files"]}})
	rule.verdict == "error" with input as object.union(not_applicable_input, {"body": {"complete": false, "sources": ["files", "systemd"]}})
	rule.verdict == "pass" with input as object.union(pass_input, {"body": {"complete": true, "sources": ["files"]}})
}

test_pass_beside_a_directory if {
	rule.verdict == "pass" with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files", "sss"]}})
	contains(rule.message, "directory") with input as object.union(pass_input, {"body": {"complete": false, "sources": ["files", "sss"]}})
	not contains(rule.message, "directory") with input as pass_input
}

test_pass_at_the_limits if {
	rule.verdict == "pass" with input as object.union(one({"password": {"last_changed": "2026-08-24"}}), {"now": "2026-11-22T00:00:00Z"})
	rule.verdict == "fail" with input as object.union(one({"password": {"last_changed": "2026-08-24"}}), {"now": "2026-11-22T00:00:01Z"})
	rule.verdict == "pass" with input as object.union(one({"last_sign_in": {"state": "known", "date": "2026-08-24"}}), {"now": "2026-11-22T00:00:00Z"})
	rule.verdict == "fail" with input as object.union(one({"last_sign_in": {"state": "known", "date": "2026-08-24"}}), {"now": "2026-11-22T00:00:01Z"})
}
