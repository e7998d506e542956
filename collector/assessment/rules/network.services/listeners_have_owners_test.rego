package exhibit.network.services.listeners_have_owners_test

import data.exhibit.network.services.listeners_have_owners as rule

document(body) := object.union({"kind": "network.services", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"owners_visible": true,
	"listeners": [
		{
			"protocol": "tcp",
			"port": 22,
			"address": "0.0.0.0",
			"exposure": "all",
			"process": "sshd",
			"executable": "/usr/sbin/sshd",
			"unit": "sshd.service",
			"package": "sshd",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"tcp/4444"} with input as fail_input
}

fail_input := document({
	"owners_visible": false,
	"listeners": [
		{
			"protocol": "tcp",
			"port": 4444,
			"address": "0.0.0.0",
			"exposure": "all",
			"process": "nc",
			"executable": "/usr/sbin/nc",
			"unit": null,
			"package": null,
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"owners_visible": true, "listeners": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"owners_visible": false,
	"listeners": [
		{
			"protocol": "tcp",
			"port": 22,
			"address": "0.0.0.0",
			"exposure": "all",
			"process": null,
			"executable": null,
			"unit": null,
			"package": null,
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"owners_visible": true, "listeners": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

listener(changes) := document({
	"owners_visible": true,
	"legacy_services": [],
	"listeners": [object.union(
		{"protocol": "tcp", "port": 5432, "address": "192.0.2.1", "exposure": "all", "process": null, "executable": "/opt/x", "user": "x", "unit": null, "package": null},
		changes,
	)],
})

test_fail_each_exposure if {
	every exposure in ["all", "internet", "specific"] {
		rule.verdict == "fail" with input as listener({"exposure": exposure})
	}
	rule.verdict == "pass" with input as listener({"exposure": "loopback"})
	rule.verdict == "pass" with input as listener({"exposure": "internet", "package": "p"})
	rule.verdict == "pass" with input as listener({"exposure": "specific", "unit": "x.service"})
	rule.verdict == "error" with input as listener({"exposure": "unheard of", "package": "p"})
}
