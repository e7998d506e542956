package exhibit.identity.sign_in_policy.empty_passwords_refused_test

import data.exhibit.identity.sign_in_policy.empty_passwords_refused as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as document({"pam": [], "password_rules": {"empty_allowed": false}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"empty_passwords"} with input as fail_input
}

fail_input := document({"pam": [], "password_rules": {"empty_allowed": true}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"pam": null, "password_rules": {"empty_allowed": null}})
}

test_malformed if {
	rule.verdict == "error" with input as document({"pam": [], "password_rules": {"empty_allowed": null}})
	rule.verdict == "fail" with input as document({"pam": null, "password_rules": {"empty_allowed": true}})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
