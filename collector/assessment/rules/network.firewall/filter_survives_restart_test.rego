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

test_not_applicable_no_host if {
	rule.verdict == "not_applicable" with input as object.union(document({"engine": null, "active": null, "front_ends": null}), {"target": "aws:1"})
	rule.verdict == "error" with input as document({"engine": null, "active": null, "front_ends": null})
	rule.verdict == "error" with input as object.union(document({"engine": "security_groups", "active": null, "front_ends": null}), {"target": "aws:1"})
}

test_malformed_one_unknown if {
	rule.verdict == "error" with input as document({"engine": "nftables", "active": true, "front_ends": [{"name": "ufw", "enabled": null}, {"name": "x", "enabled": false}]})
}

test_malformed_unknown_whether_one_is_in_force if {
	rule.verdict == "error" with input as document({"engine": null, "active": null, "front_ends": [{"name": "ufw", "enabled": false}]})
	rule.verdict == "error" with input as document({"engine": null, "active": null, "front_ends": [{"name": "ufw", "enabled": true}]})
}
