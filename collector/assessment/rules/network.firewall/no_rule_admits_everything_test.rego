package exhibit.network.firewall.no_rule_admits_everything_test

import data.exhibit.network.firewall.no_rule_admits_everything as rule

document(body) := object.union({"kind": "network.firewall", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"inbound_allowed": [{"chain": "input", "protocol": "tcp", "port_from": 22, "port_to": 22, "source": "any"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"input"} with input as fail_input
}

fail_input := document({
	"inbound_allowed": [
		{
			"chain": "input",
			"protocol": "any",
			"port_from": null,
			"port_to": null,
			"source": "any",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"inbound_allowed": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"inbound_allowed": null})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"inbound_allowed": [{"chain": "input"}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

admits(changes) := document({"inbound_allowed": [object.union({"chain": "c", "protocol": "any", "port_from": null, "port_to": null, "source": "any"}, changes)]})

test_fail_each_everybody if {
	rule.verdict == "fail" with input as admits({})
	rule.verdict == "fail" with input as admits({"source": "0.0.0.0/0"})
	rule.verdict == "fail" with input as admits({"source": "::/0"})
	rule.verdict == "fail" with input as admits({"port_from": 0, "port_to": 65535})
	rule.verdict == "fail" with input as admits({"port_from": 1, "port_to": 65535})
}

test_pass_something_is_named if {
	rule.verdict == "pass" with input as admits({"source": "iifname lo"})
	rule.verdict == "pass" with input as admits({"protocol": "icmp"})
	rule.verdict == "pass" with input as admits({"port_from": 443, "port_to": 443})
	rule.verdict == "pass" with input as admits({"port_from": 1024, "port_to": 65535})
	rule.verdict == "error" with input as admits({"source": null})
	rule.verdict == "error" with input as admits({"protocol": null})
}

test_pass_part_of_the_ports if {
	rule.verdict == "pass" with input as admits({"port_from": 2, "port_to": 65535})
	rule.verdict == "pass" with input as admits({"port_from": 1, "port_to": 65534})
}
