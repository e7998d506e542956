package exhibit.network.web_filtering.filters_run_test

import data.exhibit.network.web_filtering.filters_run as rule

document(body) := object.union({
	"kind": "network.web_filtering",
	"target": "host:h",
	"parameters": {"exceptions": ["x"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [],
			"settings": {},
			"source": "/etc/a",
		},
		{
			"id": "b",
			"kind": "resolver",
			"filters": true,
			"enabled": false,
			"active": false,
			"lists": [],
			"settings": {},
			"source": "/etc/b",
		},
		{
			"id": "x",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": false,
			"lists": [],
			"settings": {},
			"source": "/etc/x",
		},
	],
	"proxies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": false,
			"lists": [],
			"settings": {},
			"source": "/etc/a",
		},
		{
			"id": "b",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [],
			"settings": {},
			"source": "/etc/b",
		},
	],
	"proxies": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "browser:firefox",
			"kind": "resolver",
			"filters": true,
			"enabled": null,
			"active": null,
			"lists": [],
			"settings": {},
			"source": "/etc/browser:firefox",
		},
	],
	"proxies": [],
})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": null,
			"lists": [],
			"settings": {},
			"source": "/etc/a",
		},
	],
	"proxies": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
