package exhibit.identity.sign_in_policy.notice_before_sign_in_test

import data.exhibit.identity.sign_in_policy.notice_before_sign_in as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as document({"pam": [], "session": {"notice_before_sign_in": true}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"notice"} with input as fail_input
}

fail_input := document({"pam": [], "session": {"notice_before_sign_in": false}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"pam": null, "session": {"notice_before_sign_in": null}})
}

test_malformed if {
	rule.verdict == "error" with input as document({"pam": [], "session": {"notice_before_sign_in": null}})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
