package exhibit.identity.privileged_grants.sudo_asks_again_test

import data.exhibit.identity.privileged_grants.sudo_asks_again as rule

document(body) := {
	"kind": "identity.privileged_grants",
	"target": "host:h",
	"parameters": {"max_minutes": 15},
	"body": body,
}

ids := {item.id | some item in rule.items}

set(value) := document({"complete": true, "mechanisms": ["sudo"], "settings": [
	{"name": "timestamp_timeout", "scope": "", "value": value, "source": "/etc/sudoers:9"},
	{"name": "use_pty", "scope": "", "value": "true", "source": "/etc/sudoers:10"},
]})

test_pass if {
	rule.verdict == "pass" with input as set("15")
	rule.verdict == "pass" with input as set("0")
	rule.verdict == "pass" with input as document({"complete": true, "mechanisms": ["sudo"], "settings": []})
}

test_fail_too_long if {
	rule.verdict == "fail" with input as fail_too_long_input
	ids == {"timestamp_timeout=15.5"} with input as fail_too_long_input
}

fail_too_long_input := set("15.5")

test_fail_never if {
	rule.verdict == "fail" with input as fail_never_input
	ids == {"timestamp_timeout=-1"} with input as fail_never_input
}

fail_never_input := set("-1")

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"complete": true, "mechanisms": ["passwd"], "settings": []})
}

test_malformed if {
	rule.verdict == "error" with input as set("soon")
	rule.verdict == "error" with input as document({"complete": false, "mechanisms": ["passwd"], "settings": []})
	rule.verdict == "error" with input as document({"complete": false, "mechanisms": ["sudo"], "settings": []})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
