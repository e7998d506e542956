package exhibit.config.baseline.mandatory_access_control_test

import data.exhibit.config.baseline.mandatory_access_control as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"confining": ["apparmor", "selinux", "smack", "tomoyo"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": "enforcing"}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"selinux"} with input as fail_input
}

fail_input := document({"modules": {}, "security_modules": [{"name": "selinux", "mode": "permissive"}]})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"security_modules"} with input as fail_input_2
}

fail_input_2 := document({"modules": {}, "security_modules": [{"name": "yama", "mode": null}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"modules": null, "security_modules": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"modules": {}, "security_modules": null})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": null}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
