package exhibit.sdlc.change_records.changes_are_requested_test

import data.exhibit.sdlc.change_records.changes_are_requested as rule

document(body) := object.union({
	"kind": "sdlc.change_records",
	"target": "host:h",
	"parameters": {"kinds": ["code", "deployment"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"window_days": 90,
	"changes": [
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "a",
			"source": "github",
			"kind": "code",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": "OPS-7",
			"approved_by": ["bob"],
			"result": "success",
		},
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "b",
			"source": "github",
			"kind": "packages",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": null,
			"approved_by": ["bob"],
			"result": "success",
		},
	],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"github b"} with input as fail_input
}

fail_input := document({
	"window_days": 90,
	"changes": [
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "a",
			"source": "github",
			"kind": "code",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": "OPS-7",
			"approved_by": ["bob"],
			"result": "success",
		},
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "b",
			"source": "github",
			"kind": "code",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": null,
			"approved_by": ["bob"],
			"result": "success",
		},
	],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({
	"window_days": 90,
	"changes": [],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"window_days": 90,
	"changes": [
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "b",
			"source": "github",
			"kind": "packages",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": null,
			"approved_by": ["bob"],
			"result": "success",
		},
	],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"window_days": 90,
	"changes": [
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "a",
			"source": "github",
			"kind": "code",
			"actor": "alice",
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": 7,
			"approved_by": ["bob"],
			"result": "success",
		},
	],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_malformed_without_changes if {
	rule.verdict == "error" with input as malformed_without_changes_input
}

malformed_without_changes_input := document({
	"window_days": 90,
	"changes": null,
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_malformed_records_cut_short if {
	rule.verdict == "error" with input as object.union(pass_input, {"capture": {"truncated": true}})
	rule.verdict == "pass" with input as object.union(pass_input, {"capture": {"truncated": false}})
	rule.verdict == "error" with input as object.union(pass_input, {"body": {"sources": [object.union(source, {"complete": false}) | some source in pass_input.body.sources]}})
}

change(changes) := document({
	"changes": [object.union({"id": "1", "source": "github", "kind": "code", "actor": "ada", "automatic": false, "ticket": "T-1", "summary": "s"}, changes)],
	"sources": [{"name": "github", "oldest": "2026-01-01", "complete": true}],
})

test_fail_empty_ticket if {
	rule.verdict == "fail" with input as change({"ticket": " "})
	rule.verdict == "pass" with input as change({})
}

test_not_applicable_by_a_service if {
	rule.verdict == "not_applicable" with input as change({"automatic": true, "ticket": null})
	rule.verdict == "fail" with input as change({"automatic": null, "ticket": null})
}

test_pass_incomplete_source_of_other_changes if {
	rule.verdict == "pass" with input as object.union(change({}), {"body": {"sources": [
		{"name": "github", "oldest": "2026-01-01", "complete": true},
		{"name": "apt", "oldest": "2026-11-01", "complete": false},
	]}})
}
