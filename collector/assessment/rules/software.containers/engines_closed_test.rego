package exhibit.software.containers.engines_closed_test

import data.exhibit.software.containers.engines_closed as rule

document(body) := object.union({
	"kind": "software.containers",
	"target": "host:h",
	"parameters": {"exceptions": []},
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
			"settings": {"socket_mode": "660"},
			"source": "/var/lib/docker",
		},
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {"hosts": "tcp://0.0.0.0:2376", "tlsverify": "true"},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [],
})

test_pass_by_unit if {
	rule.verdict == "pass" with input as pass_by_unit_input
}

pass_by_unit_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {"hosts": "--tlsverify tcp://0.0.0.0:2376"},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"docker"} with input as fail_input
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
			"settings": {"hosts": "tcp://0.0.0.0:2375"},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [],
})

test_fail_open_socket if {
	rule.verdict == "fail" with input as fail_open_socket_input
	ids == {"docker"} with input as fail_open_socket_input
}

fail_open_socket_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": {"socket_mode": "666"},
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"engines": [], "images": [], "containers": []})

test_malformed_settings if {
	rule.verdict == "error" with input as malformed_settings_input
}

malformed_settings_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": true,
			"containers_complete": true,
			"settings": null,
			"source": "/var/lib/docker",
		},
	],
	"images": [],
	"containers": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

engine(changes) := document({"engines": [object.union({"id": "docker", "name": "docker", "seen_by": "storage", "settings": {}}, changes)]})

test_fail_each_way if {
	rule.verdict == "pass" with input as engine({})
	rule.verdict == "pass" with input as engine({"settings": {"hosts": "fd://"}})
	rule.verdict == "fail" with input as engine({"settings": {"hosts": "tcp://0.0.0.0:2375"}})
	rule.verdict == "pass" with input as engine({"settings": {"hosts": "tcp://0.0.0.0:2376", "tlsverify": "true"}})
	rule.verdict == "fail" with input as engine({"settings": {"hosts": "tcp://0.0.0.0:2376", "tlsverify": "false"}})
	rule.verdict == "fail" with input as engine({"settings": {"socket_mode": "0666"}})
	rule.verdict == "pass" with input as engine({"settings": {"socket_mode": "0660"}})
	rule.verdict == "not_applicable" with input as object.union(engine({"settings": {"socket_mode": "0666"}}), {"parameters": {"exceptions": ["docker"]}})
}

test_malformed_nothing_seen if {
	rule.verdict == "error" with input as engine({"seen_by": "nothing"})
}
