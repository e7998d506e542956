package exhibit.sdlc.change_records.records_reach_back_test

import data.exhibit.sdlc.change_records.records_reach_back as rule

document(body) := object.union({
	"kind": "sdlc.change_records",
	"target": "host:h",
	"parameters": {},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"window_days": 90,
	"changes": [],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": true}],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"github"} with input as fail_input
}

fail_input := document({
	"window_days": 90,
	"changes": [],
	"sources": [
		{"name": "github", "oldest": "2026-08-02", "complete": false},
		{"name": "apt", "oldest": "2026-08-02", "complete": true},
	],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"window_days": 90, "changes": [], "sources": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"window_days": 90,
	"changes": [],
	"sources": [{"name": "github", "oldest": "2026-08-02", "complete": null}],
})

test_malformed_without_sources if {
	rule.verdict == "error" with input as malformed_without_sources_input
}

malformed_without_sources_input := document({"window_days": 90, "changes": [], "sources": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
