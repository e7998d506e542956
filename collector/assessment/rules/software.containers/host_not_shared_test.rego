package exhibit.software.containers.host_not_shared_test

import data.exhibit.software.containers.host_not_shared as rule

document(body) := object.union({
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {
		"exceptions": [],
		"shares": ["network", "pid"],
		"anywhere": ["docker.sock"],
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
