package exhibit.logging.protection.copies_buffered_test

import data.exhibit.logging.protection.copies_buffered as rule

document(body) := object.union({
	"kind": "logging.protection",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"stores": [],
	"retention": [],
	"sealing": [],
	"remote_copies": [
		{
			"mechanism": "rsyslog",
			"destination": "logs.example.org:6514",
			"encrypted": true,
			"buffered": true,
			"source": "/etc/rsyslog.d/60.conf:3",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"logs.example.org:6514"} with input as fail_input
}

fail_input := document({
	"stores": [],
	"retention": [],
	"sealing": [],
	"remote_copies": [
		{
			"mechanism": "rsyslog",
			"destination": "logs.example.org:6514",
			"encrypted": true,
			"buffered": false,
			"source": "/etc/rsyslog.d/60.conf:3",
		},
	],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"stores": [], "retention": [], "sealing": [], "remote_copies": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"stores": [],
	"retention": [],
	"sealing": [],
	"remote_copies": [
		{
			"mechanism": "rsyslog",
			"destination": "logs.example.org:6514",
			"encrypted": true,
			"buffered": null,
			"source": "/etc/rsyslog.d/60.conf:3",
		},
	],
})

test_malformed_without_remote_copies if {
	rule.verdict == "error" with input as malformed_without_remote_copies_input
}

malformed_without_remote_copies_input := document({"stores": [], "retention": [], "sealing": [], "remote_copies": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
