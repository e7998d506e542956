package exhibit.identity.sign_in_policy.new_passwords_hashed_strongly_test

import data.exhibit.identity.sign_in_policy.new_passwords_hashed_strongly as rule

document(body) := object.union({
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {"strong": ["yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "sha512crypt", "sha512"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"pam": [], "password_rules": {"hash_scheme": "yescrypt"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"md5crypt"} with input as fail_input
}

fail_input := document({"pam": [], "password_rules": {"hash_scheme": "md5crypt"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"pam": null, "password_rules": {"hash_scheme": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"pam": [], "password_rules": {"hash_scheme": null}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_in_capitals if {
	rule.verdict == "pass" with input as document({"pam": [], "password_rules": {"hash_scheme": "YESCRYPT"}})
	rule.verdict == "fail" with input as document({"pam": null, "password_rules": {"hash_scheme": "md5"}})
}
