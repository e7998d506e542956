package exhibit.media.removable.no_medium_in_use_test

import data.exhibit.media.removable.no_medium_in_use as rule

document(body) := object.union({
	"kind": "media.removable",
	"target": "host:h",
	"parameters": {"exceptions": []},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"usb_storage_blocked": true,
	"controls": [],
	"devices": [
		{
			"id": "sr0",
			"transport": "usb",
			"bytes": 16000000000,
			"mounted": [],
			"encrypted": false,
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"sdb"} with input as fail_input
}

fail_input := document({
	"usb_storage_blocked": true,
	"controls": [],
	"devices": [
		{
			"id": "sdb",
			"transport": "usb",
			"bytes": 16000000000,
			"mounted": ["/media/bob"],
			"encrypted": false,
		},
		{
			"id": "sdc",
			"transport": "usb",
			"bytes": 16000000000,
			"mounted": [],
			"encrypted": false,
		},
	],
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"usb_storage_blocked": true, "controls": [], "devices": []})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"usb_storage_blocked": true, "controls": [], "devices": null})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_pass_excepted if {
	rule.verdict == "pass" with input as object.union(
		document({"devices": [{"id": "sdb", "transport": "usb", "mounted": ["/mnt"]}]}),
		{"parameters": {"exceptions": ["sdb"]}},
	)
}
