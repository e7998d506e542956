package exhibit.identity.sign_in_policy.idle_sessions_end_test

import data.exhibit.identity.sign_in_policy.idle_sessions_end as rule

document(body) := object.union({"kind": "identity.sign_in_policy", "target": "host:h", "parameters": {"max_seconds": 3600}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"pam": [], "session": {"idle_timeout_seconds": 900}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"idle_timeout"} with input as fail_input
}

fail_input := document({"pam": [], "ssh": null, "session": {"idle_timeout_seconds": 90000}})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"idle_timeout"} with input as fail_input_2
}

fail_input_2 := document({"pam": [], "ssh": null, "session": {"idle_timeout_seconds": null}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"ssh": null, "pam": null, "session": {"idle_timeout_seconds": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"pam": [], "session": {}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_fail_never if {
	rule.verdict == "fail" with input as fail_never_input
	rule.verdict == "pass" with input as document({"pam": [], "ssh": null, "session": {"idle_timeout_seconds": 3600}})
	rule.verdict == "fail" with input as document({"pam": [], "ssh": null, "session": {"idle_timeout_seconds": 3601}})
}

fail_never_input := document({"pam": [], "ssh": null, "session": {"idle_timeout_seconds": 0}})
