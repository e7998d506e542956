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

test_pass_apparmor if {
	rule.verdict == "pass" with input as document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": "enabled", "enforced": 1}]})
}

test_fail_no_profile if {
	rule.verdict == "fail" with input as fail_no_profile_input
	ids == {"apparmor"} with input as fail_no_profile_input
}

fail_no_profile_input := document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": "enabled", "enforced": 0}]})

test_fail_off if {
	every mode in ["none", "disabled", "permissive"] {
		rule.verdict == "fail" with input as document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": mode, "enforced": null}]})
	}
	rule.verdict == "fail" with input as document({"modules": {}, "security_modules": [{"name": "lockdown", "mode": "enforcing", "enforced": null}]})
	rule.verdict == "pass" with input as document({"modules": {}, "security_modules": [
		{"name": "apparmor", "mode": "none", "enforced": null},
		{"name": "lockdown", "mode": "none", "enforced": null},
		{"name": "selinux", "mode": "enforcing", "enforced": null},
	]})
}

test_malformed_profiles_unseen if {
	rule.verdict == "error" with input as document({"modules": {}, "security_modules": [{"name": "apparmor", "mode": "enabled", "enforced": null}]})
	rule.verdict == "error" with input as document({"modules": null, "security_modules": [{"name": "apparmor", "mode": "enabled", "enforced": null}]})
}

test_fail_only_what_confines_is_told if {
	ids == {"apparmor"} with input as document({"modules": {}, "security_modules": [
		{"name": "apparmor", "mode": "none", "enforced": null},
		{"name": "lockdown", "mode": "none", "enforced": null},
		{"name": "landlock", "mode": "enabled", "enforced": 0},
	]})
	rule.verdict == "fail" with input as document({"modules": {}, "security_modules": [
		{"name": "apparmor", "mode": "enabled", "enforced": 0},
		{"name": "landlock", "mode": "enabled", "enforced": 3},
	]})
	count(rule.items) == 0 with input as document({"modules": {}, "security_modules": [
		{"name": "apparmor", "mode": "enabled", "enforced": 0},
		{"name": "selinux", "mode": "enforcing", "enforced": null},
	]})
}
