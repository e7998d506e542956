package exhibit.asset.endpoint_posture.portable_disks_encrypted_test

import data.exhibit.asset.endpoint_posture.portable_disks_encrypted as rule

document(body) := object.union({
	"kind": "asset.endpoint_posture",
	"target": "host:h",
	"parameters": {"exceptions": ["x"]},
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
			"id": "b",
			"name": "b",
			"owner": null,
			"portable": false,
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
			"disks_encrypted": false,
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
					"enabled": true,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": false,
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
	ids == {"a", "b"} with input as fail_input
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
					"enabled": true,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": false,
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
			"portable": null,
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
			"disks_encrypted": false,
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

not_applicable_input := document({
	"devices": [
		{
			"id": "a",
			"name": "a",
			"owner": null,
			"portable": false,
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
					"enabled": true,
					"after_seconds": 300,
					"enforced": true,
					"source": "default",
				},
			],
			"automatic_sign_in": false,
			"disks_encrypted": null,
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

test_malformed_without_devices if {
	rule.verdict == "error" with input as malformed_without_devices_input
}

malformed_without_devices_input := document({"devices": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
