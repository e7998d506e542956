package exhibit.config.scheduled_jobs.adding_jobs_restricted_test

import data.exhibit.config.scheduled_jobs.adding_jobs_restricted as rule

document(body) := object.union({
	"kind": "config.scheduled_jobs",
	"target": "host:h",
	"parameters": {"schedulers": ["cron", "atd"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"jobs": [],
	"schedulers": [
		{"name": "cron", "active": true, "enabled": true, "allowed_users": ["root"]},
		{"name": "systemd", "active": true, "enabled": true, "allowed_users": null},
	],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": []}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"cron"} with input as fail_input
}

fail_input := document({
	"jobs": [],
	"schedulers": [
		{"name": "cron", "active": true, "enabled": true, "allowed_users": null},
		{"name": "atd", "active": true, "enabled": true, "allowed_users": []},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"jobs": [],
	"schedulers": [{"name": "systemd", "active": true, "enabled": true, "allowed_users": null}],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"jobs": [], "schedulers": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"jobs": [],
	"schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": "root"}],
})

test_malformed_without_schedulers if {
	rule.verdict == "error" with input as malformed_without_schedulers_input
}

malformed_without_schedulers_input := document({"jobs": [], "schedulers": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
