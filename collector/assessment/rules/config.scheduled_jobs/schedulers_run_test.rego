package exhibit.config.scheduled_jobs.schedulers_run_test

import data.exhibit.config.scheduled_jobs.schedulers_run as rule

document(body) := object.union({
	"kind": "config.scheduled_jobs",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"jobs": [],
	"schedulers": [
		{"name": "cron", "active": true, "enabled": true, "allowed_users": null},
		{"name": "atd", "active": false, "enabled": false, "allowed_users": null},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"cron"} with input as fail_input
}

fail_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": false, "enabled": true, "allowed_users": null}],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"jobs": [], "schedulers": []})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": true, "enabled": false, "allowed_users": null}],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": null, "enabled": true, "allowed_users": null}],
})

test_malformed_without_schedulers if {
	rule.verdict == "error" with input as malformed_without_schedulers_input
}

malformed_without_schedulers_input := document({"jobs": [], "schedulers": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_unknown_whether_it_should if {
	rule.verdict == "error" with input as document({"jobs": [], "schedulers": [{"name": "systemd", "active": false, "enabled": null, "allowed_users": null}]})
	rule.verdict == "pass" with input as document({"jobs": [], "schedulers": [{"name": "systemd", "active": true, "enabled": null, "allowed_users": null}]})
}
