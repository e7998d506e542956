package exhibit.config.baseline.rare_modules_unloaded_test

import data.exhibit.config.baseline.rare_modules_unloaded as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {
		"rare": [
			"cramfs",
			"freevxfs",
			"hfs",
			"hfsplus",
			"jffs2",
			"dccp",
			"rds",
			"sctp",
			"tipc",
			"firewire_core",
		],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"modules": {"loaded": ["ext4"], "blocked": [], "locked": false}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"dccp"} with input as fail_input
}

fail_input := document({"modules": {"loaded": ["ext4", "dccp"], "blocked": [], "locked": false}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"modules": null, "boot_parameters": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"modules": {}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_list_unseen if {
	rule.verdict == "error" with input as document({"modules": null, "boot_parameters": {}})
}
