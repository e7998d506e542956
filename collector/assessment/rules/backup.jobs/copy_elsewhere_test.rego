package exhibit.backup.jobs.copy_elsewhere_test

import data.exhibit.backup.jobs.copy_elsewhere as rule

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
			"off_site": false,
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
			"off_site": false,
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

malformed_input := document({
	"repositories": [
		{
			"name": "nightly",
			"reachable": true,
			"error": null,
			"encrypted": true,
			"off_site": null,
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

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"repositories": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

repository(changes) := object.union(
	{
		"name": "nightly",
		"type": "backups",
		"reachable": true,
		"off_site": false,
		"promised": null,
		"held": {"days": 7, "weeks": 5, "months": 3, "years": 2},
		"last_check": null,
		"append_only": null,
		"last_success": "2026-11-22T03:00:00Z",
		"unusable": 0,
		"unusable_named": [],
		"since": null,
		"oldest": "2025-01-01T00:00:00Z",
		"sources": [],
	},
	changes,
)

test_fail_elsewhere_and_empty if {
	rule.verdict == "fail" with input as fail_elsewhere_and_empty_input
	ids == {"nightly", "far"} with input as fail_elsewhere_and_empty_input
}

fail_elsewhere_and_empty_input := document({"repositories": [
	repository({}),
	repository({"name": "far", "off_site": true, "last_success": null}),
]})

test_malformed_far_one_unseen if {
	rule.verdict == "error" with input as document({"repositories": [
		repository({}),
		repository({"name": "far", "off_site": true, "reachable": false, "last_success": null}),
	]})
	rule.verdict == "error" with input as document({"repositories": [repository({}), repository({"name": "x", "off_site": null})]})
}

test_fail_says_each_place if {
	{item.why | some item in rule.items} == {"lies beside the data"} with input as document({"repositories": [repository({})]})
	{[item.id, item.why] | some item in rule.items} == {["nightly", "lies beside the data"], ["far", "lies elsewhere and holds no backup"]} with input as fail_elsewhere_and_empty_input
	count(rule.items) == 0 with input as document({"repositories": [repository({}), repository({"name": "far", "off_site": true})]})
}
