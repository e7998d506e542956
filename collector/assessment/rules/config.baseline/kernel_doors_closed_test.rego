package exhibit.config.baseline.kernel_doors_closed_test

import data.exhibit.config.baseline.kernel_doors_closed as rule

document(body) := {
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"allowed": {"kernel.unprivileged_bpf_disabled": ["1", "2"], "kernel.perf_event_paranoid": ["2", "3", "4"]}},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as document({"settings": {"kernel.unprivileged_bpf_disabled": "2", "kernel.perf_event_paranoid": "4"}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"kernel.unprivileged_bpf_disabled"} with input as fail_input
}

fail_input := document({"settings": {"kernel.unprivileged_bpf_disabled": "0", "kernel.perf_event_paranoid": "4"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"settings": {"kernel.unprivileged_bpf_disabled": null, "kernel.perf_event_paranoid": null}})
}

test_malformed_half_readable if {
	rule.verdict == "error" with input as document({"settings": {"kernel.unprivileged_bpf_disabled": null, "kernel.perf_event_paranoid": "4"}})
	rule.verdict == "error" with input as document({"settings": null})
}

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
