package exhibit.network.firewall.inbound_default_drop_test

import data.exhibit.network.firewall.inbound_default_drop as rule

document(body) := object.union({"kind": "network.firewall", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"engine": "nftables", "inbound_default": "drop"})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"input"} with input as fail_input
}

fail_input := document({"engine": "nftables", "inbound_default": "accept"})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"input"} with input as fail_input_2
}

fail_input_2 := document({"engine": null, "inbound_default": "none"})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"engine": null, "inbound_default": "none"}), {"target": "github:acme"})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"engine": null, "inbound_default": "unknown"})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
