package exhibit.identity.sign_in_policy.old_passwords_refused_test

import data.exhibit.identity.sign_in_policy.old_passwords_refused as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {"min": 5},
	"body": body,
}

ids := {item.id | some item in rule.items}

rules(changes) := document({"pam": [], "password_rules": object.union({"enforced": true, "remembered": 5}, changes)})

test_pass if {
	rule.verdict == "pass" with input as rules({})
	rule.verdict == "pass" with input as rules({"enforced": null})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"remembered"} with input as fail_input
	rule.verdict == "fail" with input as rules({"enforced": false, "remembered": null})
}

fail_input := rules({"remembered": 4})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"pam": null, "password_rules": {"enforced": null, "remembered": null}})
}

test_malformed if {
	rule.verdict == "error" with input as rules({"enforced": null, "remembered": null})
	rule.verdict == "error" with input as document({"pam": [], "password_rules": {}})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
