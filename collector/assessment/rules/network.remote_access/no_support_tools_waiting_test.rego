package exhibit.network.remote_access.no_support_tools_waiting_test

import data.exhibit.network.remote_access.no_support_tools_waiting as rule

document(body) := {
	"kind": "network.remote_access",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"ways": [
		{
			"id": "ssh",
			"kind": "shell",
			"technology": "openssh",
			"role": "server",
			"enabled": true,
			"active": true,
			"peers": null,
			"settings": {},
			"source": "x",
		},
		{
			"id": "anydesk",
			"kind": "support",
			"technology": "openssh",
			"role": "server",
			"enabled": false,
			"active": false,
			"peers": null,
			"settings": {},
			"source": "x",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"anydesk", "tv"} with input as fail_input
}

fail_input := document({
	"ways": [
		{
			"id": "anydesk",
			"kind": "support",
			"technology": "openssh",
			"role": "server",
			"enabled": false,
			"active": true,
			"peers": null,
			"settings": {},
			"source": "x",
		},
		{
			"id": "tv",
			"kind": "support",
			"technology": "openssh",
			"role": "server",
			"enabled": true,
			"active": false,
			"peers": null,
			"settings": {},
			"source": "x",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"ways": [
		{
			"id": "ssh",
			"kind": "shell",
			"technology": "openssh",
			"role": "server",
			"enabled": true,
			"active": true,
			"peers": null,
			"settings": {},
			"source": "x",
		},
	],
})

test_malformed_unknown if {
	rule.verdict == "error" with input as document({
	"ways": [
		{
			"id": "ssh",
			"kind": "support",
			"technology": "openssh",
			"role": "server",
			"enabled": null,
			"active": null,
			"peers": null,
			"settings": {},
			"source": "x",
		},
	],
})
	rule.verdict == "error" with input as document({"ways": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_fail_runs_though_switched_off if {
	rule.verdict == "fail" with input as document({"ways": [{"id": "anydesk", "kind": "support", "enabled": false, "active": true}]})
	rule.verdict == "pass" with input as document({"ways": [{"id": "anydesk", "kind": "support", "enabled": false, "active": false}]})
	rule.verdict == "error" with input as document({"ways": [{"id": "anydesk", "kind": "support", "enabled": false, "active": null}]})
}
