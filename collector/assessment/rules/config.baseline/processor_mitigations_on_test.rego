package exhibit.config.baseline.processor_mitigations_on_test

import data.exhibit.config.baseline.processor_mitigations_on as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {
		"weak": {
			"mitigations": "off",
			"spectre_v2": "off",
			"pti": "off",
			"nopti": "",
			"nospectre_v2": "",
		},
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"boot_parameters": {"mitigations": "auto"}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"mitigations"} with input as fail_input
}

fail_input := document({"boot_parameters": {"mitigations": "off"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"modules": null, "boot_parameters": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"modules": {}, "boot_parameters": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
