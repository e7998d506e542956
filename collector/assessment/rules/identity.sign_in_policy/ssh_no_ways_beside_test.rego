package exhibit.identity.sign_in_policy.ssh_no_ways_beside_test

import data.exhibit.identity.sign_in_policy.ssh_no_ways_beside as rule

document(body) := {
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {"allowed": {"x11forwarding": ["no"], "permittunnel": ["no"], "gatewayports": ["no"]}},
	"body": body,
}

ids := {item.id | some item in rule.items}

server(changes, matches) := document({"ssh": {
	"installed": true,
	"settings_from": "sshd -T",
	"settings": object.union({"x11forwarding": "no", "permittunnel": "no", "gatewayports": "no"}, changes),
	"matches": matches,
}})

test_pass if {
	rule.verdict == "pass" with input as server({}, [])
	rule.verdict == "pass" with input as server({}, [{"criteria": "User bob", "settings": {"banner": "none"}, "source": "f:9"}])
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"x11forwarding"} with input as fail_input
}

fail_input := server({"x11forwarding": "yes"}, [])

test_fail_in_a_match if {
	rule.verdict == "fail" with input as fail_in_a_match_input
	ids == {"User bob: x11forwarding"} with input as fail_in_a_match_input
}

fail_in_a_match_input := server({}, [{"criteria": "User bob", "settings": {"x11forwarding": "YES"}, "source": "f:9"}])

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"ssh": null})
	rule.verdict == "not_applicable" with input as document({"ssh": {"installed": false, "settings_from": null, "settings": {}, "matches": []}})
}

test_malformed if {
	rule.verdict == "error" with input as document({"ssh": {"installed": true, "settings_from": null, "settings": {}, "matches": []}})
	rule.verdict == "error" with input as object.union(server({}, []), {"body": {"ssh": {"matches": null}}})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_in_capitals if {
	rule.verdict == "pass" with input as server({"x11forwarding": "NO"}, [{"criteria": "User bob", "settings": {"x11forwarding": "No"}, "source": "f:9"}])
}
