package exhibit.network.remote_access.desktops_protected_test

import data.exhibit.network.remote_access.desktops_protected as rule

document(body) := {
	"kind": "network.remote_access",
	"target": "host:h",
	"parameters": {"allowed": [], "weak": {"security_layer": ["rdp", "negotiate"], "crypt_level": ["none", "low", "medium"]}},
	"body": body,
}

ids := {item.id | some item in rule.items}

desktop(changes) := document({"ways": [object.union(
	{"id": "xrdp", "kind": "desktop", "technology": "xrdp", "role": "server", "enabled": false, "active": false, "settings": {}},
	changes,
)]})

named(changes) := object.union(desktop(object.union({"enabled": true, "active": true}, changes)), {"parameters": {"allowed": ["xrdp"]}})

test_pass if {
	rule.verdict == "pass" with input as desktop({})
	rule.verdict == "pass" with input as named({"settings": {"security_layer": "tls", "crypt_level": "high"}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"xrdp"} with input as fail_input
	rule.verdict == "fail" with input as desktop({"enabled": true})
}

fail_input := desktop({"active": true})

test_fail_weak if {
	rule.verdict == "fail" with input as named({"settings": {"security_layer": "Negotiate"}})
	rule.verdict == "fail" with input as named({"settings": {"crypt_level": "low"}})
}

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"ways": [{"id": "ssh", "kind": "shell", "enabled": true, "active": true}]})
}

test_malformed if {
	rule.verdict == "error" with input as desktop({"enabled": null})
	rule.verdict == "error" with input as desktop({"active": null})
	rule.verdict == "error" with input as document({"ways": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_weak_and_closed if {
	rule.verdict == "pass" with input as desktop({"settings": {"crypt_level": "low"}})
}
