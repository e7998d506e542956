package exhibit.config.baseline.ipv6_redirects_refused_test

import data.exhibit.config.baseline.ipv6_redirects_refused as rule

document(body) := {
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"allowed": {"net.ipv6.conf.all.accept_redirects": ["0"], "net.ipv6.conf.default.accept_redirects": ["0"], "net.ipv6.conf.all.accept_source_route": ["0", "-1"], "net.ipv6.conf.default.accept_source_route": ["0", "-1"]}},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as document({"settings": {"net.ipv6.conf.all.accept_redirects": "0", "net.ipv6.conf.default.accept_redirects": "0", "net.ipv6.conf.all.accept_source_route": "-1", "net.ipv6.conf.default.accept_source_route": "-1"}})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"net.ipv6.conf.all.accept_redirects"} with input as fail_input
}

fail_input := document({"settings": {"net.ipv6.conf.all.accept_redirects": "1", "net.ipv6.conf.default.accept_redirects": "0", "net.ipv6.conf.all.accept_source_route": "-1", "net.ipv6.conf.default.accept_source_route": "-1"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"settings": {"net.ipv6.conf.all.accept_redirects": null, "net.ipv6.conf.default.accept_redirects": null, "net.ipv6.conf.all.accept_source_route": null, "net.ipv6.conf.default.accept_source_route": null}})
}

test_malformed_half_readable if {
	rule.verdict == "error" with input as document({"settings": {"net.ipv6.conf.all.accept_redirects": null, "net.ipv6.conf.default.accept_redirects": "0", "net.ipv6.conf.all.accept_source_route": "-1", "net.ipv6.conf.default.accept_source_route": "-1"}})
	rule.verdict == "error" with input as document({"settings": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_not_applicable_no_host if {
	rule.verdict == "not_applicable" with input as object.union(document({"settings": {"account.mfa": "on"}}), {"target": "aws:1"})
	rule.verdict == "error" with input as object.union(document({"settings": null}), {"target": "aws:1"})
	rule.verdict == "error" with input as document({"settings": {"account.mfa": "on"}})
}
