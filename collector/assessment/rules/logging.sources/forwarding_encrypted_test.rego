package exhibit.logging.sources.forwarding_encrypted_test

import data.exhibit.logging.sources.forwarding_encrypted as rule

document(body) := object.union({"kind": "logging.sources", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"forwards": [{"destination": "l:6514", "transport": "tls", "encrypted": true}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"l:514"} with input as fail_input
}

fail_input := document({"forwards": [{"destination": "l:514", "transport": "udp", "encrypted": false}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"forwards": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"forwards": [{"destination": "l", "transport": "tcp", "encrypted": null}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
