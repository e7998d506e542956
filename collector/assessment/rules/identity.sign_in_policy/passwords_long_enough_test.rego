package exhibit.identity.sign_in_policy.passwords_long_enough_test

import data.exhibit.identity.sign_in_policy.passwords_long_enough as rule

document(body) := object.union({"kind": "identity.sign_in_policy", "target": "host:h", "parameters": {"min_length": 12}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"pam": [], "password_rules": {"enforced": true, "min_length": 14}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"password_rules"} with input as fail_input
}

fail_input := document({"pam": [], "password_rules": {"enforced": false, "min_length": null}})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"min_length"} with input as fail_input_2
}

fail_input_2 := document({"pam": [], "password_rules": {"enforced": true, "min_length": 8}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"pam": null, "password_rules": {"enforced": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"pam": [], "password_rules": {"enforced": null}})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"pam": [], "password_rules": {"enforced": true}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

rules(changes) := document({"pam": [], "password_rules": object.union({"enforced": true, "min_length": 12}, changes)})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as rules({})
	rule.verdict == "fail" with input as rules({"min_length": 11})
	rule.verdict == "fail" with input as rules({"min_length": null})
	rule.verdict == "error" with input as rules({"enforced": null})
	rule.verdict == "error" with input as document({"pam": null, "password_rules": {"enforced": true}})
	count(rule.items) == 1 with input as rules({"enforced": false, "min_length": 4})
}
