package exhibit.software.containers.registries_protected_test

import data.exhibit.software.containers.registries_protected as rule

document(body) := {
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {"exceptions": []},
	"body": body,
}

ids := {item.id | some item in rule.items}

engine(changes) := document({"engines": [object.union({"id": "docker", "name": "docker", "seen_by": "storage", "settings": {}}, changes)]})

test_pass if {
	rule.verdict == "pass" with input as engine({})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"docker"} with input as fail_input
}

fail_input := engine({"settings": {"insecure-registries": "2"}})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"engines": []})
	rule.verdict == "not_applicable" with input as object.union(engine({}), {"parameters": {"exceptions": ["docker"]}})
}

test_malformed if {
	rule.verdict == "error" with input as engine({"seen_by": "nothing"})
	rule.verdict == "error" with input as engine({"settings": null})
	rule.verdict == "error" with input as document({"engines": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_none if {
	rule.verdict == "pass" with input as engine({"settings": {"insecure-registries": "0"}})
}
