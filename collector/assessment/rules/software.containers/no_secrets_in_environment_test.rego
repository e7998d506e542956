package exhibit.software.containers.no_secrets_in_environment_test

import data.exhibit.software.containers.no_secrets_in_environment as rule

document(body) := {
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {"exceptions": []},
	"body": body,
}

ids := {item.id | some item in rule.items}

container(changes) := document({
	"engines": [{"id": "docker", "name": "docker", "containers_complete": true, "images_complete": true}],
	"images": [],
	"containers": [object.union(
		{
			"engine": "docker",
			"name": "web",
			"state": "running",
			"root": true,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"seccomp": true,
			"mounts": [],
			"secret_variables": 0,
		},
		changes,
	)],
})

test_pass if {
	rule.verdict == "pass" with input as container({})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"web"} with input as fail_input
}

fail_input := container({"secret_variables": 1})

test_malformed if {
	rule.verdict == "error" with input as container({"secret_variables": null})
}

test_not_applicable if {
	rule.verdict == "not_applicable" with input as container({"state": "stopped"})
	rule.verdict == "not_applicable" with input as object.union(container({}), {"parameters": {"exceptions": ["web"]}})
}

test_malformed_not_all_seen if {
	rule.verdict == "error" with input as object.union(container({}), {"body": {"engines": [{"id": "docker", "containers_complete": false}]}})
	rule.verdict == "error" with input as object.union(container({"state": "stopped"}), {"body": {"engines": [{"id": "docker", "containers_complete": false}]}})
	rule.verdict == "error" with input as document({"engines": [], "containers": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
