package exhibit.crypto.at_rest.volumes_encrypted_test

import data.exhibit.crypto.at_rest.volumes_encrypted as rule

document(body) := object.union({
	"kind": "crypto.at_rest",
	"target": "host:h",
	"parameters": {"exceptions": ["/boot", "/boot/efi", "/efi"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"volumes": [
		{
			"id": "/",
			"type": "filesystem",
			"encrypted": true,
			"removable": false,
			"device": "/dev/vda1",
		},
		{
			"id": "/boot",
			"type": "filesystem",
			"encrypted": false,
			"removable": false,
			"device": "/dev/vda1",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"/srv"} with input as fail_input
}

fail_input := document({
	"volumes": [
		{
			"id": "/",
			"type": "filesystem",
			"encrypted": true,
			"removable": false,
			"device": "/dev/vda1",
		},
		{
			"id": "/srv",
			"type": "filesystem",
			"encrypted": false,
			"removable": false,
			"device": "/dev/vda1",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"volumes": []})

test_malformed_unseen if {
	rule.verdict == "error" with input as malformed_unseen_input
}

malformed_unseen_input := document({
	"volumes": [
		{
			"id": "/",
			"type": "filesystem",
			"encrypted": null,
			"removable": false,
			"device": "/dev/vda1",
		},
	],
})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"volumes": [
		{
			"id": "/",
			"type": "filesystem",
			"encrypted": true,
			"removable": false,
			"device": "/dev/vda1",
		},
		{
			"id": "/srv",
			"type": "filesystem",
			"encrypted": null,
			"removable": false,
			"device": "/dev/vda1",
		},
	],
})

test_malformed_2 if {
	rule.verdict == "error" with input as malformed_input_2
}

malformed_input_2 := document({"volumes": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
