package exhibit.patch.status.reboot_not_pending_test

import data.exhibit.patch.status.reboot_not_pending as rule

document(body) := object.union({"kind": "patch.status", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"kernel": {"newest_installed": "6.1"}, "reboot_required": false, "reboot_packages": []})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"libc6"} with input as fail_input
}

fail_input := document({"kernel": {}, "reboot_required": true, "reboot_packages": ["libc6"]})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"restart"} with input as fail_input_2
}

fail_input_2 := document({"kernel": {}, "reboot_required": true, "reboot_packages": []})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"kernel": null, "reboot_required": null, "reboot_packages": []})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"kernel": {"newest_installed": null}, "reboot_required": null, "reboot_packages": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"kernel": {"newest_installed": "6.1"}, "reboot_required": null, "reboot_packages": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

restart(changes) := document(object.union({"kernel": {"newest_installed": "6.1.0-38"}, "reboot_required": true, "reboot_packages": ["linux-image"]}, changes))

test_fail_each_way if {
	ids == {"linux-image"} with input as restart({})
	ids == {"restart"} with input as restart({"reboot_packages": []})
	rule.verdict == "pass" with input as restart({"reboot_required": false, "reboot_packages": []})
	rule.verdict == "error" with input as restart({"reboot_required": null})
	rule.verdict == "not_applicable" with input as restart({"reboot_required": null, "kernel": {"newest_installed": null}})
	rule.verdict == "fail" with input as restart({"kernel": {"newest_installed": null}})
}
