package exhibit.network.firewall.filter_survives_restart_test

import data.exhibit.network.firewall.filter_survives_restart as rule

document(body) := object.union({"kind": "network.firewall", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"engine": "nftables", "active": true, "front_ends": [{"name": "ufw", "enabled": true}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"front_ends"} with input as fail_input
}

fail_input := document({"engine": "nftables", "active": true, "front_ends": [{"name": "ufw", "enabled": false}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"engine": "nftables", "active": false, "front_ends": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"engine": "nftables", "active": true, "front_ends": [{"name": "ufw", "enabled": null}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
