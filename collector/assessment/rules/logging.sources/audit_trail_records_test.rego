package exhibit.logging.sources.audit_trail_records_test

import data.exhibit.logging.sources.audit_trail_records as rule

document(body) := object.union({"kind": "logging.sources", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"audit": {"name": "auditd", "installed": true, "recording": true, "rules_loaded": 42}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"auditd"} with input as fail_input
}

fail_input := document({"audit": {"name": "auditd", "installed": false, "recording": false, "rules_loaded": null}})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"auditd"} with input as fail_input_2
}

fail_input_2 := document({"audit": {"name": "auditd", "installed": true, "recording": true, "rules_loaded": 0}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"audit": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"audit": {"name": "auditd", "installed": true, "recording": null, "rules_loaded": null}})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

trail(changes) := document({"audit": object.union({"name": "auditd", "installed": true, "active": true, "recording": true, "rules_loaded": 1}, changes)})

whys := {item.why | some item in rule.items}

test_fail_each_way if {
	rule.verdict == "pass" with input as trail({})
	whys == {"is not installed"} with input as trail({"installed": false, "recording": false, "rules_loaded": 0})
	whys == {"is installed and does not record"} with input as trail({"recording": false, "rules_loaded": 0})
	whys == {"records with no rule in force"} with input as trail({"rules_loaded": 0})
}

test_malformed_half_known if {
	rule.verdict == "error" with input as trail({"rules_loaded": null})
	rule.verdict == "error" with input as trail({"recording": null})
	rule.verdict == "error" with input as trail({"installed": null})
}

test_pass_no_item if {
	count(rule.items) == 0 with input as trail({"rules_loaded": 1})
	count(rule.items) == 1 with input as trail({"installed": false, "recording": true, "rules_loaded": 0})
}
