package exhibit.identity.sign_in_policy.failed_attempts_lock_test

import data.exhibit.identity.sign_in_policy.failed_attempts_lock as rule

document(body) := object.union({"kind": "identity.sign_in_policy", "target": "host:h", "parameters": {"max_attempts": 10}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"pam": [], "lockout": {"enforced": true, "attempts": 5}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"lockout"} with input as fail_input
}

fail_input := document({"pam": [], "lockout": {"enforced": false, "attempts": null}})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"lockout"} with input as fail_input_2
}

fail_input_2 := document({"pam": [], "lockout": {"enforced": true, "attempts": 50}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"pam": null, "lockout": {"enforced": null, "attempts": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"pam": [], "lockout": {"enforced": null, "attempts": null}})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"pam": [], "lockout": {"enforced": true, "attempts": null}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as document({"pam": [], "lockout": {"enforced": true, "attempts": 10}})
	rule.verdict == "fail" with input as document({"pam": [], "lockout": {"enforced": true, "attempts": 11}})
}

test_malformed_attempts if {
	rule.verdict == "error" with input as document({"pam": [], "lockout": {"enforced": true, "attempts": 0}})
	rule.verdict == "error" with input as document({"pam": [], "lockout": {"enforced": true, "attempts": null}})
}
