package exhibit.identity.accounts.nobody_reads_password_hashes_test

import data.exhibit.identity.accounts.nobody_reads_password_hashes as rule

document(body) := {
	"kind": "identity.accounts",
	"target": "host:h",
	"parameters": {"groups": ["shadow"], "exceptions": []},
	"body": body,
}

ids := {item.id | some item in rule.items}

account(changes) := document({"complete": true, "sources": ["files"], "accounts": [object.union({"name": "a", "groups": ["users"]}, changes)]})

test_pass if {
	rule.verdict == "pass" with input as account({})
	rule.verdict == "pass" with input as account({"groups": []})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := account({"groups": ["users", "shadow"]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"complete": true, "sources": ["files"], "accounts": []})
	rule.verdict == "not_applicable" with input as object.union(fail_input, {"parameters": {"exceptions": ["a"]}})
}

test_malformed if {
	rule.verdict == "error" with input as account({"groups": null})
	rule.verdict == "error" with input as object.union(account({}), {"body": {"complete": false}})
	rule.verdict == "error" with input as document({"complete": false, "sources": ["files"], "accounts": []})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
