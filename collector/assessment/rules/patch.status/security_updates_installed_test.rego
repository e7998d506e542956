package exhibit.patch.status.security_updates_installed_test

import data.exhibit.patch.status.security_updates_installed as rule

document(body) := object.union({"kind": "patch.status", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T03:00:00Z",
	"pending": [{"name": "vim", "security": false, "installed": "1", "candidate": "2"}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"openssl"} with input as fail_input
}

fail_input := document({
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T03:00:00Z",
	"pending": [
		{"name": "openssl", "security": true, "installed": "3.0.1", "candidate": "3.0.2"},
		{"name": "vim", "security": false, "installed": "1", "candidate": "2"},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"counts": {"installed": 0}, "lists_refreshed": null, "pending": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"counts": {"installed": 9}, "lists_refreshed": null, "pending": []})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"counts": {"installed": 9}, "lists_refreshed": "2026-11-22T03:00:00Z", "pending": null})

test_malformed_3 if {
	rule.verdict == "error" with input as malformed_input_3
}

malformed_input_3 := document({
	"counts": {"installed": 9},
	"lists_refreshed": "2026-11-22T03:00:00Z",
	"pending": [{"name": "vim"}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
