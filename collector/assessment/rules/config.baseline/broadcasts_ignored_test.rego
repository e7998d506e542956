package exhibit.config.baseline.broadcasts_ignored_test

import data.exhibit.config.baseline.broadcasts_ignored as rule

document(body) := {
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"allowed": {"net.ipv4.icmp_echo_ignore_broadcasts": ["1"], "net.ipv4.icmp_ignore_bogus_error_responses": ["1"]}},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as document({"settings": {"net.ipv4.icmp_echo_ignore_broadcasts": "1", "net.ipv4.icmp_ignore_bogus_error_responses": "1"}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"net.ipv4.icmp_echo_ignore_broadcasts"} with input as fail_input
}

fail_input := document({"settings": {"net.ipv4.icmp_echo_ignore_broadcasts": "0", "net.ipv4.icmp_ignore_bogus_error_responses": "1"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"settings": {"net.ipv4.icmp_echo_ignore_broadcasts": null, "net.ipv4.icmp_ignore_bogus_error_responses": null}})
}

test_malformed_half_readable if {
	rule.verdict == "error" with input as document({"settings": {"net.ipv4.icmp_echo_ignore_broadcasts": null, "net.ipv4.icmp_ignore_bogus_error_responses": "1"}})
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
