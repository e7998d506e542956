package exhibit.software.containers.not_run_as_root_test

import data.exhibit.software.containers.not_run_as_root as rule

document(body) := object.union({
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {"exceptions": ["x"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [
		{
			"engine": "docker",
			"name": "a",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": false,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "b",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": true,
			"privileged": false,
			"shares": [],
			"users_mapped": true,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "x",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": true,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a"} with input as fail_input
}

fail_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [
		{
			"engine": "docker",
			"name": "a",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": true,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "b",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": false,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"engines": [], "images": [], "containers": []})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [
		{
			"engine": "docker",
			"name": "a",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": null,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
	],
})

test_malformed_mapping if {
	rule.verdict == "error" with input as malformed_mapping_input
}

malformed_mapping_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [
		{
			"engine": "docker",
			"name": "a",
			"image": "shop:4",
			"image_id": "sha256:aa",
			"state": "running",
			"created": "2026-11-02T08:00:00Z",
			"root": true,
			"privileged": false,
			"shares": [],
			"users_mapped": null,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

running(changes) := document({
	"engines": [{"id": "docker", "name": "docker", "containers_complete": true, "images_complete": true, "settings": {}}],
	"images": [],
	"containers": [object.union(
		{
			"engine": "docker",
			"name": "web-9",
			"state": "running",
			"root": false,
			"privileged": false,
			"shares": [],
			"users_mapped": false,
			"capabilities_added": [],
			"mounts": [],
		},
		changes,
	)],
})

not_all := {"body": {"engines": [{"id": "docker", "containers_complete": false, "images_complete": true, "settings": {}}]}}

test_not_applicable_not_running if {
	every state in ["stopped", "created"] {
		rule.verdict == "not_applicable" with input as running(object.union(offence, {"state": state}))
	}
	rule.verdict == "not_applicable" with input as object.union(running(offence), {"parameters": {"exceptions": ["web-9"]}})
	rule.verdict == "fail" with input as running(offence)
	rule.verdict == "fail" with input as running(object.union(offence, {"state": null}))
}

test_malformed_not_all_are_seen if {
	rule.verdict == "pass" with input as running({})
	rule.verdict == "error" with input as object.union(running({}), not_all)
	rule.verdict == "error" with input as object.union(running({"state": "stopped"}), not_all)
	rule.verdict == "fail" with input as object.union(running(offence), not_all)
}

offence := {"root": true}
