package exhibit.software.inventory.no_unwanted_software_test

import data.exhibit.software.inventory.no_unwanted_software as rule

document(body) := object.union({
	"kind": "software.inventory",
	"target": "host:h",
	"parameters": {
		"unwanted": [
			"telnetd",
			"inetutils-telnetd",
			"rsh-server",
			"rsh-client",
			"rsh-redone-server",
			"nis",
			"ypserv",
			"talkd",
			"tftpd",
			"xinetd",
			"john",
			"hydra",
		],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"packages": [{"name": "openssl", "version": "3"}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"rsh-server"} with input as fail_input
}

fail_input := document({
	"packages": [{"name": "rsh-server", "version": "0.17"}, {"name": "openssl", "version": "3"}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"packages": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"packages": [{"version": "3"}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
