package exhibit.network.web_filtering.harmful_sites_kept_away_test

import data.exhibit.network.web_filtering.harmful_sites_kept_away as rule

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

test_pass_by_filter if {
	rule.verdict == "pass" with input as pass_by_filter_input
}

pass_by_filter_input := document({
	"resolvers": [
		{
			"address": "8.8.8.8",
			"service": null,
			"filtering": false,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [
		{
			"id": "dnsmasq",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": true,
			"lists": [],
			"settings": {},
			"source": "/etc/dnsmasq",
		},
	],
	"proxies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"8.8.8.8"} with input as fail_input
}

fail_input := document({
	"resolvers": [
		{
			"address": "8.8.8.8",
			"service": "google",
			"filtering": false,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
		{
			"address": "9.9.9.9",
			"service": null,
			"filtering": true,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [
		{
			"id": "squid",
			"kind": "resolver",
			"filters": false,
			"enabled": true,
			"active": true,
			"lists": [],
			"settings": {},
			"source": "/etc/squid",
		},
	],
	"proxies": [],
})

test_fail_stopped if {
	rule.verdict == "fail" with input as fail_stopped_input
	ids == {"8.8.8.8"} with input as fail_stopped_input
}

fail_stopped_input := document({
	"resolvers": [
		{
			"address": "8.8.8.8",
			"service": null,
			"filtering": false,
			"transport": "plain",
			"source": "/etc/resolv.conf:1",
		},
	],
	"filters": [
		{
			"id": "dnsmasq",
			"kind": "resolver",
			"filters": true,
			"enabled": true,
			"active": false,
			"lists": [],
			"settings": {},
			"source": "/etc/dnsmasq",
		},
	],
	"proxies": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"resolvers": [], "filters": [], "proxies": []})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"resolvers": [
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

resolver(changes) := object.union({"address": "192.0.2.53", "service": null, "filtering": null, "transport": "plain", "source": "/etc/resolv.conf:1"}, changes)

filter(changes) := object.union({"id": "dnsmasq", "kind": "resolver", "filters": true, "enabled": true, "active": true, "lists": []}, changes)

test_pass_each_way if {
	rule.verdict == "pass" with input as document({"resolvers": [resolver({"filtering": false})], "filters": [filter({})]})
	rule.verdict == "pass" with input as document({"resolvers": [resolver({"filtering": true})], "filters": []})
	rule.verdict == "pass" with input as document({"resolvers": [], "filters": [filter({"active": null})]})
}

test_fail_filter_stands_still if {
	rule.verdict == "fail" with input as document({"resolvers": [resolver({"filtering": false})], "filters": [filter({"active": false})]})
	rule.verdict == "fail" with input as document({"resolvers": [resolver({"filtering": false})], "filters": [filter({"filters": false})]})
}

test_malformed_not_known if {
	rule.verdict == "error" with input as document({"resolvers": [resolver({})], "filters": []})
	rule.verdict == "error" with input as document({"resolvers": [], "filters": [filter({"active": false})]})
	rule.verdict == "error" with input as document({"resolvers": [], "filters": [filter({"filters": null})]})
	rule.verdict == "not_applicable" with input as document({"resolvers": [], "filters": []})
}

test_pass_named_by_the_pack if {
	every parameters in [{"filtering_resolvers": ["192.0.2.53"]}] {
		rule.verdict == "pass" with input as object.union(document({"resolvers": [resolver({})], "filters": []}), {"parameters": parameters})
		rule.verdict == "pass" with input as object.union(document({"resolvers": [resolver({"filtering": false})], "filters": []}), {"parameters": parameters})
	}
}
