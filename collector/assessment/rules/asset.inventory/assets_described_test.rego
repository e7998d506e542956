package exhibit.asset.inventory.assets_described_test

import data.exhibit.asset.inventory.assets_described as rule

document(body) := object.union({"kind": "asset.inventory", "target": "host:h", "parameters": {}}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"assets": [
		{
			"id": "m1",
			"name": "web1",
			"type": "host",
			"os": "Debian 12",
			"architecture": "x86_64",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"m1"} with input as fail_input
}

fail_input := document({"assets": [{"id": "m1", "name": "", "type": "host", "os": null, "architecture": "x86_64"}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"assets": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"assets": null})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"assets": [{"id": "m1"}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

asset(changes) := document({"assets": [object.union({"id": "m1", "name": "web1", "type": "host", "os": "Debian 12", "architecture": "x86_64"}, changes)]})

test_fail_each_fact if {
	every field in ["id", "name", "type"] {
		rule.verdict == "fail" with input as asset({field: " "})
	}
	every field in ["os", "architecture"] {
		rule.verdict == "fail" with input as asset({field: null})
		rule.verdict == "fail" with input as asset({"type": "container", field: null})
		rule.verdict == "fail" with input as asset({"type": "virtual_machine", field: null})
		rule.verdict == "pass" with input as asset({"type": "bucket", field: null})
	}
	ids == {"m1"} with input as asset({"os": null})
}

test_malformed_each_fact if {
	every field in ["id", "name", "type"] {
		rule.verdict == "error" with input as asset({field: null})
	}
}
