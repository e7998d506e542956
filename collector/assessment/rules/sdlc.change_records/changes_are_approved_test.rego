package exhibit.sdlc.change_records.changes_are_approved_test

import data.exhibit.sdlc.change_records.changes_are_approved as rule

document(body) := object.union({
	"kind": "sdlc.change_records",
	"target": "host:h",
	"parameters": {"kinds": ["code", "deployment"], "min_others": 1},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
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
			"automatic": true,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": "OPS-7",
			"approved_by": [],
			"result": "success",
		},
	],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"github a", "github b"} with input as fail_input
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
			"approved_by": ["alice"],
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
			"ticket": "OPS-7",
			"approved_by": [],
			"result": "success",
		},
		{
			"at": "2026-11-20T06:12:31Z",
			"id": "c",
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
			"actor": null,
			"automatic": false,
			"summary": "merge",
			"items": ["a"],
			"item_count": 1,
			"ticket": "OPS-7",
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
	rule.verdict == "error" with input as object.union(pass_at_the_limit_input, {"capture": {"truncated": true}})
	rule.verdict == "pass" with input as object.union(pass_at_the_limit_input, {"capture": {"truncated": false}})
	rule.verdict == "error" with input as object.union(pass_at_the_limit_input, {"body": {"sources": [object.union(source, {"complete": false}) | some source in pass_at_the_limit_input.body.sources]}})
}

change(changes) := document({
	"changes": [object.union({"id": "1", "source": "github", "kind": "code", "actor": "Ada", "automatic": false, "approved_by": ["bob"], "summary": "s"}, changes)],
	"sources": [{"name": "github", "oldest": "2026-01-01", "complete": true}],
})

test_fail_approved_by_the_same_in_other_letters if {
	rule.verdict == "fail" with input as change({"approved_by": ["ada"]})
	rule.verdict == "pass" with input as change({})
}
