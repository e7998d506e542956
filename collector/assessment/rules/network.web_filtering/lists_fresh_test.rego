package exhibit.network.web_filtering.lists_fresh_test

import data.exhibit.network.web_filtering.lists_fresh as rule

document(body) := object.union({
	"kind": "network.web_filtering",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 30, "min_entries": 100, "exceptions": ["/mine"]},
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
			"lists": [
				{"name": "/l", "entries": 5000, "updated": "2026-11-20"},
				{"name": "/own", "entries": 7, "updated": "2020-01-01"},
				{"name": "/mine", "entries": 900, "updated": "2020-01-01"},
			],
			"settings": {},
			"source": "/etc/a",
		},
	],
	"proxies": [],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [{"name": "/l", "entries": null, "updated": "2026-10-23"}],
			"settings": {},
			"source": "/etc/a",
		},
	],
	"proxies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/l"} with input as fail_input
}

fail_input := document({
	"resolvers": [],
	"filters": [
		{
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [
				{"name": "/l", "entries": null, "updated": "2026-10-01"},
				{"name": "/m", "entries": 200, "updated": "2026-11-20"},
			],
			"settings": {},
			"source": "/etc/a",
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
			"id": "a",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [],
			"settings": {},
			"source": "/etc/a",
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
			"active": true,
			"lists": [{"name": "/l", "entries": null, "updated": null}],
			"settings": {},
			"source": "/etc/a",
		},
	],
	"proxies": [],
})

test_malformed_without_filters if {
	rule.verdict == "error" with input as malformed_without_filters_input
}

malformed_without_filters_input := document({"resolvers": [], "filters": null, "proxies": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-12-20T23:59:59Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-12-21T00:00:00Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

test_not_applicable_short if {
	rule.verdict == "not_applicable" with input as document({"filters": [{"id": "d", "lists": [{"name": "/l", "entries": 99, "updated": "2020-01-01"}]}]})
	rule.verdict == "fail" with input as document({"filters": [{"id": "d", "lists": [{"name": "/l", "entries": 100, "updated": "2020-01-01"}]}]})
	rule.verdict == "fail" with input as document({"filters": [{"id": "d", "lists": [{"name": "/l", "entries": null, "updated": "2020-01-01"}]}]})
}
