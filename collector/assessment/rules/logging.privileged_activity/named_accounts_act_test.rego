package exhibit.logging.privileged_activity.named_accounts_act_test

import data.exhibit.logging.privileged_activity.named_accounts_act as rule

document(body) := object.union({
	"kind": "logging.privileged_activity",
	"target": "host:h",
	"parameters": {
		"shared": [
			"admin",
			"administrator",
			"ec2-user",
			"ubuntu",
			"debian",
			"centos",
			"pi",
			"vagrant",
			"user",
		],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "alice",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 4,
			"failed": 1,
			"source": "journal",
		},
		{
			"day": "2026-11-20",
			"account": "admin",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 0,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"ubuntu 2026-11-20"} with input as fail_input
}

fail_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [
		{
			"day": "2026-11-20",
			"account": "ubuntu",
			"action": "sudo",
			"as_account": "root",
			"succeeded": 4,
			"failed": 1,
			"source": "journal",
		},
	],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_pass_empty if {
	rule.verdict == "pass" with input as pass_empty_input
}

pass_empty_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": [],
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": false, "from": "2026-11-15", "records": 5}],
})

test_malformed_without_activity if {
	rule.verdict == "error" with input as malformed_without_activity_input
}

malformed_without_activity_input := document({
	"window": {"from": "2026-11-15", "to": "2026-11-21"},
	"activity": null,
	"unknown_principals": 0,
	"sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

acted(changes) := document({
	"activity": [object.union({"day": "2026-11-20", "account": "ubuntu", "action": "sudo", "succeeded": 1, "failed": 0, "source": "journal"}, changes)],
	"sources": [{"name": "journal", "read": true}],
})

test_fail_each_action if {
	every action in ["sudo", "su", "execution", "elevation"] {
		rule.verdict == "fail" with input as acted({"action": action})
	}
	rule.verdict == "pass" with input as acted({"action": "sign_in"})
	rule.verdict == "pass" with input as acted({"account": "ada"})
	rule.verdict == "pass" with input as acted({"succeeded": 0, "failed": 9})
}
