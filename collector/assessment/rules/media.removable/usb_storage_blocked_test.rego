package exhibit.media.removable.usb_storage_blocked_test

import data.exhibit.media.removable.usb_storage_blocked as rule

document(body) := object.union({
	"kind": "media.removable",
	"target": "host:h",
	"parameters": {"required": true},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({"usb_storage_blocked": true, "controls": [], "devices": []})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"usb-storage"} with input as fail_input
}

fail_input := document({"usb_storage_blocked": false, "controls": [], "devices": []})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(document({"usb_storage_blocked": false, "controls": [], "devices": []}), {"parameters": {"required": false}})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({"usb_storage_blocked": null, "controls": [], "devices": []})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_not_applicable_only_where_it_is_open if {
	rule.verdict == "pass" with input as object.union(document({"usb_storage_blocked": true}), {"parameters": {"required": false}})
	rule.verdict == "not_applicable" with input as object.union(document({"usb_storage_blocked": false}), {"parameters": {"required": false}})
	rule.verdict == "error" with input as object.union(document({"usb_storage_blocked": null}), {"parameters": {"required": false}})
}
