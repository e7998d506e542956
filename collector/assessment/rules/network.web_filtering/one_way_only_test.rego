package exhibit.network.web_filtering.one_way_only_test

import data.exhibit.network.web_filtering.one_way_only as rule

document(body) := object.union({
	"kind": "network.web_filtering",
	"target": "host:h",
	"parameters": {"filtering_resolvers": ["10.0.0.53"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"resolvers": [
		{
			"address": "9.9.9.9",
			"service": null,
			"filtering": true,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
		{
			"address": "10.0.0.53",
			"service": null,
			"filtering": null,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [],
	"proxies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"1.1.1.1"} with input as fail_input
}

fail_input := document({
	"resolvers": [
		{
			"address": "9.9.9.9",
			"service": null,
			"filtering": true,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
		{
			"address": "1.1.1.1",
			"service": null,
			"filtering": false,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [],
	"proxies": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"resolvers": [
		{
			"address": "1.1.1.1",
			"service": null,
			"filtering": false,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [],
	"proxies": [],
})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"resolvers": [
		{
			"address": "9.9.9.9",
			"service": null,
			"filtering": true,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
		{
			"address": "10.0.0.1",
			"service": null,
			"filtering": null,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [],
	"proxies": [],
})

test_malformed_without_resolvers if {
	rule.verdict == "error" with input as malformed_without_resolvers_input
}

malformed_without_resolvers_input := document({"resolvers": null, "filters": [], "proxies": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

resolvers(list) := object.union(document({"filters": [], "resolvers": list}), {"parameters": {"filtering_resolvers": ["192.0.2.1"]}})

test_pass_named_by_the_pack if {
	rule.verdict == "pass" with input as resolvers([{"address": "9.9.9.9", "filtering": true}, {"address": "192.0.2.1", "filtering": false}])
	rule.verdict == "fail" with input as resolvers([{"address": "9.9.9.9", "filtering": true}, {"address": "192.0.2.2", "filtering": false}])
	rule.verdict == "error" with input as resolvers([{"address": "9.9.9.9", "filtering": true}, {"address": "192.0.2.2", "filtering": null}])
}
