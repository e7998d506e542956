package exhibit.config.baseline.configuration_in_force_test

import data.exhibit.config.baseline.configuration_in_force as rule

document(body) := object.union({"kind": "config.baseline", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"settings": {"a": "1"}, "drift": []})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({
	"settings": {"a": "1"},
	"drift": [{"name": "a", "live": "0", "configured": "1", "source": "f:1"}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"settings": {}, "drift": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"settings": {"a": "1"}, "drift": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_fail_setting_is_not_there if {
	rule.verdict == "fail" with input as fail_setting_is_not_there_input
	some item in rule.items with input as fail_setting_is_not_there_input
	item.why == "nothing is in force, 1 is written (/etc/sysctl.d/x.conf:1)"
}

fail_setting_is_not_there_input := document({
	"settings": {"kernel.sysrq": "0"},
	"drift": [{"name": "kernel.x", "live": null, "configured": "1", "source": "/etc/sysctl.d/x.conf:1"}],
})

test_malformed_no_settings if {
	rule.verdict == "error" with input as document({"settings": null, "drift": null})
	rule.verdict == "pass" with input as document({"settings": {}, "drift": []})
}
