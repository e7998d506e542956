package exhibit.software.containers.host_not_shared_test

import data.exhibit.software.containers.host_not_shared as rule

document(body) := object.union({
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {
		"exceptions": [],
		"shares": ["network", "pid"],
		"anywhere": ["docker.sock"],
		"whole": ["/", "/run"],
		"below": ["/etc", "/proc"],
	},
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
			"shares": ["uts"],
			"users_mapped": false,
			"capabilities_added": [],
			"no_new_privileges": true,
			"seccomp": true,
			"read_only": false,
			"mounts": [
				{
					"source": "/etc/localtime",
					"target": "/x",
					"kind": "bind",
					"writable": false,
				},
				{"source": "/etcetera", "target": "/x", "kind": "bind", "writable": true},
				{"source": "etc", "target": "/x", "kind": "volume", "writable": true},
				{"source": "/srv", "target": "/x", "kind": "bind", "writable": true},
			],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a", "b", "c", "d", "e"} with input as fail_input
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
			"root": false,
			"privileged": false,
			"shares": ["pid"],
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
			"mounts": [
				{
					"source": "/var/run/docker.sock",
					"target": "/x",
					"kind": "bind",
					"writable": false,
				},
			],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "c",
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
			"mounts": [{"source": "/", "target": "/x", "kind": "bind", "writable": false}],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "d",
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
			"mounts": [{"source": "/etc/cron.d", "target": "/x", "kind": "bind", "writable": true}],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "e",
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
			"mounts": [{"source": "/etc", "target": "/x", "kind": "bind", "writable": false}],
			"ports": [],
			"restart": "no",
			"secret_variables": 0,
		},
		{
			"engine": "docker",
			"name": "f",
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

not_applicable_input := document({
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
	"containers": [],
})

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
			"root": false,
			"privileged": false,
			"shares": null,
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

test_malformed_mounts if {
	rule.verdict == "error" with input as malformed_mounts_input
}

malformed_mounts_input := document({
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
			"mounts": null,
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

mount(source, writable) := container({"mounts": [{"source": source, "target": "/x", "kind": "bind", "writable": writable}]})

test_fail_each_place if {
	rule.verdict == "fail" with input as mount("/", false)
	rule.verdict == "fail" with input as mount("/run", false)
	rule.verdict == "fail" with input as mount("/etc", false)
	rule.verdict == "fail" with input as mount("/etc/cron.d", true)
	rule.verdict == "fail" with input as mount("/run/docker.sock", false)
	rule.verdict == "pass" with input as mount("/etc/localtime", false)
	rule.verdict == "pass" with input as mount("/etcetera", true)
	rule.verdict == "pass" with input as mount("/srv/data", true)
}

test_malformed_unseen if {
	rule.verdict == "error" with input as container({"mounts": null})
	rule.verdict == "error" with input as container({"shares": null})
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

offence := {"shares": ["pid"]}

test_pass_volume_of_the_engine if {
	rule.verdict == "pass" with input as running({"mounts": [{"source": "/etc", "target": "/x", "kind": "volume", "writable": true}]})
}
