package exhibit.identity.sign_in_policy.common_passwords_refused_test

import data.exhibit.identity.sign_in_policy.common_passwords_refused as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

rules(changes) := document({"pam": [], "password_rules": object.union({"enforced": true, "dictionary_check": true}, changes)})

test_pass if {
	rule.verdict == "pass" with input as rules({})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"dictionary_check"} with input as fail_input
	rule.verdict == "fail" with input as rules({"enforced": false, "dictionary_check": null})
}

fail_input := rules({"dictionary_check": false})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"pam": null, "password_rules": {"enforced": null, "dictionary_check": null}})
}

test_malformed if {
	rule.verdict == "error" with input as rules({"dictionary_check": null})
	rule.verdict == "error" with input as rules({"enforced": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
