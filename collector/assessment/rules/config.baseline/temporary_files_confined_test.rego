package exhibit.config.baseline.temporary_files_confined_test

import data.exhibit.config.baseline.temporary_files_confined as rule

document(body) := object.union({
	"kind": "config.baseline",
	"target": "host:h",
	"parameters": {"paths": ["/tmp", "/var/tmp", "/dev/shm"], "options": ["nodev", "nosuid"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"mounts": [{"path": "/tmp", "options": ["nodev", "nosuid", "rw"]}]})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/tmp"} with input as fail_input
}

fail_input := document({"mounts": [{"path": "/tmp", "options": ["rw"]}]})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"mounts": []})

test_not_applicable_2 if {
	rule.verdict == "not_applicable" with input as not_applicable_input_2
}

not_applicable_input_2 := document({"mounts": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"mounts": [{"path": "/tmp", "options": null}]})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_other_mounts if {
	rule.verdict == "pass" with input as document({"mounts": [{"path": "/tmp", "options": ["nodev", "nosuid"]}, {"path": "/srv", "options": ["rw"]}]})
	rule.verdict == "not_applicable" with input as document({"mounts": [{"path": "/srv", "options": ["rw"]}]})
	rule.verdict == "fail" with input as document({"mounts": [{"path": "/dev/shm", "options": ["nodev"]}]})
}
