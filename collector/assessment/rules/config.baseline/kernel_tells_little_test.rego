package exhibit.config.baseline.kernel_tells_little_test

import data.exhibit.config.baseline.kernel_tells_little as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"allowed": {"kernel.kptr_restrict": ["1", "2"], "kernel.dmesg_restrict": ["1"]}},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"settings": {"kernel.kptr_restrict": "1", "kernel.dmesg_restrict": "1"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"kernel.dmesg_restrict"} with input as fail_input
}

fail_input := document({"settings": {"kernel.kptr_restrict": "1", "kernel.dmesg_restrict": "0"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"settings": {"kernel.kptr_restrict": null, "kernel.dmesg_restrict": null}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"settings": {}})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"settings": {"kernel.kptr_restrict": 7, "kernel.dmesg_restrict": "1"}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_not_applicable_no_host if {
	rule.verdict == "not_applicable" with input as object.union(document({"settings": {"account.mfa": "on"}}), {"target": "aws:1"})
	rule.verdict == "error" with input as object.union(document({"settings": null}), {"target": "aws:1"})
	rule.verdict == "error" with input as document({"settings": {"account.mfa": "on"}})
}

test_malformed_not_there_on_a_host if {
	rule.verdict == "error" with input as object.union(not_there, {"body": {"settings": {"vm.x": "1"}}})
	rule.verdict == "not_applicable" with input as object.union(not_there, {"body": {"settings": {"vm.x": null}}})
}

not_there := document({"settings": {name: null | some name, _ in document({}).parameters.allowed}})
