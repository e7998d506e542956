package exhibit.asset.endpoint_posture.screens_lock_test

import data.exhibit.asset.endpoint_posture.screens_lock as rule

document(body) := object.union({
	"kind": "asset.endpoint_posture",
	"target": "host:h",
	"parameters": {"max_seconds": 900, "exceptions": ["x"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": true,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
		{
			"id": "x",
			"name": "x",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": false,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
	],
})

test_pass_at_the_limit if {
	rule.verdict == "pass" with input as pass_at_the_limit_input
}

pass_at_the_limit_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": true,
					"after_seconds": 900,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"a: gnome", "b: kde"} with input as fail_input
}

fail_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": false,
					"after_seconds": null,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
		{
			"id": "b",
			"name": "b",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "kde",
					"enabled": true,
					"after_seconds": 901,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
		{
			"id": "c",
			"name": "c",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": true,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"devices": []})

test_malformed_unknown if {
	rule.verdict == "error" with input as malformed_unknown_input
}

malformed_unknown_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": [
				{
					"session": "gnome",
					"enabled": null,
					"after_seconds": null,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
	],
})

test_malformed_unseen if {
	rule.verdict == "error" with input as malformed_unseen_input
}

malformed_unseen_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": true,
			"sessions": ["gnome"],
			"system": "Debian 13",
			"supported_until": "2030-06-30",
			"screen_locks": null,
			"automatic_sign_in": false,
			"disks_encrypted": true,
			"secure_boot": true,
			"tpm": "2.0",
			"firewall": true,
			"updates_automatic": true,
			"last_update": "2026-11-20",
			"protection": [{"name": "clamav", "active": true}],
			"managed_by": [],
		},
	],
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

device(locks) := document({"devices": [{"id": "a", "name": "a", "screen_locks": locks}]})

lock(changes) := object.union({"session": "gnome", "enabled": true, "after_seconds": 900, "enforced": false, "source": "default"}, changes)

test_pass_at_the_limit_of_seconds if {
	rule.verdict == "pass" with input as device([lock({})])
	rule.verdict == "fail" with input as device([lock({"after_seconds": 901})])
}

test_not_applicable_no_session if {
	rule.verdict == "not_applicable" with input as device([])
	rule.verdict == "error" with input as device(null)
}

test_fail_can_be_changed if {
	rule.verdict == "fail" with input as changeable
	ids == {"a: gnome"} with input as changeable
}

changeable := object.union(device([lock({})]), {"parameters": {"must_be_fixed": true}})

test_pass_fixed if {
	rule.verdict == "pass" with input as object.union(device([lock({"enforced": true})]), {"parameters": {"must_be_fixed": true}})
}

test_malformed_unknown_lock if {
	rule.verdict == "error" with input as device([lock({"enabled": null})])
	rule.verdict == "error" with input as device([lock({"after_seconds": null})])
}
