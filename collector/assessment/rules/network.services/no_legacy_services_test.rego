package exhibit.network.services.no_legacy_services_test

import data.exhibit.network.services.no_legacy_services as rule

document(body) := object.union({"kind": "network.services", "target": "host:h", "parameters": {}}, {"body": body})

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
	],
	"legacy_services": [{"name": "ftp", "recognised_by": "vsftpd", "active": false}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"telnet"} with input as fail_input
}

fail_input := document({
	"listeners": [
		{
			"protocol": "tcp",
			"port": 23,
			"address": "0.0.0.0",
			"exposure": "all",
			"process": "sshd",
			"executable": "/usr/sbin/sshd",
			"unit": "sshd.service",
			"package": "sshd",
		},
	],
	"legacy_services": [{"name": "telnet", "recognised_by": "port 23", "active": true}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"listeners": [], "legacy_services": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
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
	"legacy_services": null,
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
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
	"legacy_services": [{"name": "ftp", "recognised_by": "vsftpd", "active": null}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_nothing_listens_but_something_was_looked_for if {
	rule.verdict == "pass" with input as document({"listeners": [{"port": 22}], "legacy_services": []})
	rule.verdict == "pass" with input as document({"listeners": [], "legacy_services": [{"name": "ftp", "recognised_by": "vsftpd", "active": false}]})
	rule.verdict == "error" with input as document({"listeners": [], "legacy_services": null})
}
