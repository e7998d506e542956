package exhibit.network.services.data_stores_not_exposed_test

import data.exhibit.network.services.data_stores_not_exposed as rule

document(body) := object.union({
	"kind": "network.services",
	"target": "host:h",
	"parameters": {"ports": [1433, 1521, 2379, 3306, 5432, 5984, 6379, 7000, 9042, 9200, 11211, 27017]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
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
		{
			"protocol": "tcp",
			"port": 5432,
			"address": "127.0.0.1",
			"exposure": "loopback",
			"process": "postgres",
			"executable": "/usr/sbin/postgres",
			"unit": "postgres.service",
			"package": "postgres",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"tcp/5432"} with input as fail_input
}

fail_input := document({
	"listeners": [
		{
			"protocol": "tcp",
			"port": 5432,
			"address": "0.0.0.0",
			"exposure": "all",
			"process": "postgres",
			"executable": "/usr/sbin/postgres",
			"unit": "postgres.service",
			"package": "postgres",
		},
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"listeners": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"listeners": [{"protocol": "tcp"}]})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"listeners": null})

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
	every exposure in ["all", "internet"] {
		rule.verdict == "fail" with input as listener({"exposure": exposure})
	}
	every exposure in ["loopback", "specific"] {
		rule.verdict == "pass" with input as listener({"exposure": exposure})
	}
	rule.verdict == "error" with input as listener({"exposure": "unheard of"})
	rule.verdict == "error" with input as listener({"port": null})
	some item in rule.items with input as listener({})
	item.why == "listens on 192.0.2.1 (unknown process)" with input as listener({})
}
