package exhibit.software.install_control.sources_known_test

import data.exhibit.software.install_control.sources_known as rule

document(body) := object.union({
	"kind": "software.install_control",
	"target": "host:h",
	"parameters": {"allowed": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := object.union(document({
	"sources": [
		{
			"manager": "apt",
			"id": "deb https://deb.example.org/debian bookworm main",
			"url": "https://deb.example.org/debian",
			"encrypted_transport": true,
			"signature_checked": true,
			"key": null,
			"source": "/etc/apt/sources.list:1",
		},
	],
	"managers": [],
	"installers": [],
	"running": [],
	"enforcement": [],
}), {"parameters": {"allowed": ["https://deb.example.org/"]}})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"deb https://deb.example.org/debian bookworm main"} with input as fail_input
}

fail_input := object.union(document({
	"sources": [
		{
			"manager": "apt",
			"id": "deb https://deb.example.org/debian bookworm main",
			"url": "https://deb.example.org/debian",
			"encrypted_transport": true,
			"signature_checked": true,
			"key": null,
			"source": "/etc/apt/sources.list:1",
		},
	],
	"managers": [],
	"installers": [],
	"running": [],
	"enforcement": [],
}), {"parameters": {"allowed": ["https://deb.example.org.evil/", "https://other/"]}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"sources": [
		{
			"manager": "apt",
			"id": "deb https://deb.example.org/debian bookworm main",
			"url": "https://deb.example.org/debian",
			"encrypted_transport": true,
			"signature_checked": true,
			"key": null,
			"source": "/etc/apt/sources.list:1",
		},
	],
	"managers": [],
	"installers": [],
	"running": [],
	"enforcement": [],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := object.union(document({"sources": [], "managers": [], "installers": [], "running": [], "enforcement": []}), {"parameters": {"allowed": ["https://other/"]}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"sources": null, "managers": [], "installers": [], "running": [], "enforcement": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

from(url) := object.union(
	document({"sources": [{"manager": "apt", "id": "a", "url": url, "source": "f:1"}]}),
	{"parameters": {"allowed": ["https://deb.example.org", "https://x.example.org/debian/"]}},
)

test_fail_looks_alike if {
	every url in ["https://deb.example.org.evil.net/debian", "https://deb.example.organised.net", "https://x.example.org/debian-other", "http://deb.example.org/", null] {
		rule.verdict == "fail" with input as from(url)
	}
}

test_pass_named_or_below if {
	every url in ["https://deb.example.org", "https://deb.example.org/", "https://DEB.example.org/debian", "https://x.example.org/debian/", "https://x.example.org/debian/pool"] {
		rule.verdict == "pass" with input as from(url)
	}
}
