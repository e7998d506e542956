package exhibit.backup.jobs.last_success_recent_test

import data.exhibit.backup.jobs.last_success_recent as rule

document(body) := object.union({
	"kind": "backup.jobs",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_hours": 26, "required": true},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"nightly"} with input as fail_input
}

fail_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-19T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
		{
			"name": "b",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": "2026-11-22T03:00:00Z",
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
})

test_fail_2 if {
	rule.verdict == "fail" with input as fail_input_2
	ids == {"nightly"} with input as fail_input_2
}

fail_input_2 := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": null,
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
})

test_fail_3 if {
	rule.verdict == "fail" with input as fail_input_3
	ids == {"backup"} with input as fail_input_3
}

fail_input_3 := document({"repositories": []})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"repositories": []}), {"parameters": {"required": false}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": false,
			"error": null,
			"encrypted": true,
			"off_site": true,
			"last_success": null,
			"sources": [
				{
					"host": "web1",
					"paths": ["/etc"],
					"snapshots": 4,
					"last_success": "2026-11-22T03:00:00Z",
				},
			],
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"repositories": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2026-11-23T05:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2026-11-23T05:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}
