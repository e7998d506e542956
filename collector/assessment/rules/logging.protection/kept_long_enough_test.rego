package exhibit.logging.protection.kept_long_enough_test

import data.exhibit.logging.protection.kept_long_enough as rule

document(body) := object.union({
	"kind": "logging.protection",
	"target": "host:h",
	"parameters": {
		"min_days": 90,
		"stores": ["auth", "secure", "audit", "journal", "syslog", "messages"],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"stores": [],
	"retention": [
		{
			"store": "/var/log/auth.log",
			"mechanism": "logrotate",
			"keep_days": 90,
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
		{
			"store": "/var/log/dpkg.log",
			"mechanism": "logrotate",
			"keep_days": 7,
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
		{
			"store": "/var/log/audit/audit.log",
			"mechanism": "logrotate",
			"keep_days": null,
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
	],
	"sealing": [],
	"remote_copies": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/var/log/auth.log"} with input as fail_input
}

fail_input := document({
	"stores": [],
	"retention": [
		{
			"store": "/var/log/auth.log",
			"mechanism": "logrotate",
			"keep_days": 89,
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
	],
	"sealing": [],
	"remote_copies": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"stores": [],
	"retention": [
		{
			"store": "/var/log/auth.log",
			"mechanism": "logrotate",
			"keep_days": 7,
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
	],
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

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"stores": [], "retention": [], "sealing": [], "remote_copies": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"stores": [],
	"retention": [
		{
			"store": "/var/log/auth.log",
			"mechanism": "logrotate",
			"keep_days": "long",
			"keep_files": 26,
			"max_bytes": null,
			"source": "/etc/logrotate.d/rsyslog:1",
		},
	],
	"sealing": [],
	"remote_copies": [],
})

test_malformed_without_retention if {
	rule.verdict == "error" with input as malformed_without_retention_input
}

malformed_without_retention_input := document({"stores": [], "retention": null, "sealing": [], "remote_copies": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

kept(days) := document({"retention": [{"store": "/var/log/auth.log", "keep_days": days, "source": "f:1"}], "remote_copies": []})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as kept(input_parameters.min_days)
	rule.verdict == "fail" with input as kept(input_parameters.min_days - 1)
}

input_parameters := kept(1).parameters

test_not_applicable_other_records if {
	rule.verdict == "not_applicable" with input as document({"retention": [{"store": "/var/log/nginx/*.log", "keep_days": 1, "source": "f:1"}], "remote_copies": []})
	rule.verdict == "not_applicable" with input as document({"retention": [{"store": "/var/log/auth.log", "keep_days": null, "source": "f:1"}], "remote_copies": []})
}
