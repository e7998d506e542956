package exhibit.backup.jobs.repositories_reachable_test

import data.exhibit.backup.jobs.repositories_reachable as rule

document(body) := object.union({"kind": "backup.jobs", "target": "host:h", "parameters": {}}, {"body": body})

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
			"reachable": false,
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

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"repositories": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"repositories": [{"name": "a"}]})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"repositories": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
