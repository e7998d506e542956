package exhibit.config.baseline.files_shielded_test

import data.exhibit.config.baseline.files_shielded as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {
		"allowed": {
			"fs.protected_hardlinks": ["1"],
			"fs.protected_symlinks": ["1"],
			"fs.suid_dumpable": ["0"],
		},
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"settings": {"fs.protected_hardlinks": "1", "fs.protected_symlinks": "1", "fs.suid_dumpable": "0"},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"fs.suid_dumpable"} with input as fail_input
}

fail_input := document({
	"settings": {"fs.protected_hardlinks": "1", "fs.protected_symlinks": "1", "fs.suid_dumpable": "1"},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"settings": {
		"fs.protected_hardlinks": null,
		"fs.protected_symlinks": null,
		"fs.suid_dumpable": null,
	},
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"settings": {}})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({
	"settings": {"fs.protected_hardlinks": 7, "fs.protected_symlinks": "1", "fs.suid_dumpable": "0"},
})

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
