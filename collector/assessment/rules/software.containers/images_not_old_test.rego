package exhibit.software.containers.images_not_old_test

import data.exhibit.software.containers.images_not_old as rule

document(body) := object.union({
	"kind": "software.containers",
	"target": "host:h",
	"now": "2026-11-22T10:00:00Z",
	"parameters": {"max_days": 90, "exceptions": ["base:1"]},
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
	"images": [
		{
			"engine": "docker",
			"id": "sha256:a",
			"names": ["a"],
			"digests": [],
			"created": "2026-11-01T10:00:00Z",
			"user": "1000",
			"used": true,
		},
		{
			"engine": "docker",
			"id": "sha256:base:1",
			"names": ["base:1"],
			"digests": [],
			"created": "2020-01-01T00:00:00Z",
			"user": "1000",
			"used": true,
		},
		{
			"engine": "docker",
			"id": "sha256:b",
			"names": ["b"],
			"digests": [],
			"created": "2020-01-01T00:00:00Z",
			"user": "1000",
			"used": false,
		},
		{
			"engine": "docker",
			"id": "sha256:c",
			"names": ["c"],
			"digests": [],
			"created": null,
			"user": "1000",
			"used": true,
		},
	],
	"containers": [],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
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
	"images": [
		{
			"engine": "docker",
			"id": "sha256:a",
			"names": ["a"],
			"digests": [],
			"created": "2026-08-24T10:00:00Z",
			"user": "1000",
			"used": true,
		},
	],
	"containers": [],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a sha256:a", "b sha256:b"} with input as fail_input
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
	"images": [
		{
			"engine": "docker",
			"id": "sha256:a",
			"names": ["a"],
			"digests": [],
			"created": "2026-08-23T09:00:00Z",
			"user": "1000",
			"used": true,
		},
		{
			"engine": "docker",
			"id": "sha256:b",
			"names": ["b"],
			"digests": [],
			"created": "2020-01-01T00:00:00Z",
			"user": "1000",
			"used": null,
		},
	],
	"containers": [],
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

test_malformed_time if {
	rule.verdict == "error" with input as malformed_time_input
}

malformed_time_input := document({
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
	"images": [
		{
			"engine": "docker",
			"id": "sha256:a",
			"names": ["a"],
			"digests": [],
			"created": "yesterday",
			"user": "1000",
			"used": true,
		},
	],
	"containers": [],
})

test_malformed_unseen if {
	rule.verdict == "error" with input as malformed_unseen_input
}

malformed_unseen_input := document({
	"engines": [
		{
			"id": "docker",
			"name": "docker",
			"version": "28.1.1",
			"active": true,
			"seen_by": "storage",
			"images_complete": false,
			"containers_complete": true,
			"settings": {},
			"source": "/var/lib/docker",
		},
	],
	"images": [
		{
			"engine": "docker",
			"id": "sha256:a",
			"names": ["a"],
			"digests": [],
			"created": "2026-11-01T10:00:00Z",
			"user": "1000",
			"used": true,
		},
	],
	"containers": [],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_up_to_the_limit if {
	rule.verdict == "pass" with input as object.union(pass_input, {"now": "2027-01-30T10:00:00Z"})
}

test_fail_past_the_limit if {
	rule.verdict == "fail" with input as fail_past_the_limit_input
}

fail_past_the_limit_input := object.union(pass_input, {"now": "2027-01-30T10:00:01Z"})

test_malformed_future if {
	rule.verdict == "error" with input as object.union(pass_input, {"now": "2018-01-01T00:00:00Z"})
}

test_malformed_not_all_are_seen if {
	rule.verdict == "error" with input as document({"engines": [{"id": "docker", "containers_complete": true, "images_complete": false}], "images": [], "containers": []})
	rule.verdict == "error" with input as document({"engines": [{"id": "docker", "containers_complete": false, "images_complete": true}], "images": [], "containers": []})
	rule.verdict == "not_applicable" with input as document({"engines": [{"id": "docker", "containers_complete": true, "images_complete": true}], "images": [], "containers": []})
}
