# METADATA
# title: USB storage that nobody allowed is kept out
# description: A medium that nobody allowed cannot be used when it is plugged in.
# custom:
#   id: media.removable.usb_storage_blocked
#   kind: media.removable
#   controls:
#   - id: A.7.10
#     relation: supporting
#   - id: A.8.12
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   - id: A.5.10
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A stick carries malware in and a customer list out.
#   fix: Switch the module usb_storage off in modprobe.d, or run USBGuard with its default at
#     block.
#   parameters:
#     required: true
package exhibit.media.removable.usb_storage_blocked

default verdict := "error"

default message := "whether USB storage is kept out could not be determined"

verdict := "not_applicable" if not_applicable

verdict := "fail" if {
	not not_applicable
	count(items) > 0
}

verdict := "pass" if {
	not not_applicable
	judgeable
	count(items) == 0
}

message := "no block of USB storage is required here, by the rule pack" if verdict == "not_applicable"

message := "USB storage that nobody allowed is kept out" if verdict == "pass"

message := "USB storage can be used by whoever plugs it in" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	input.body.usb_storage_blocked == false
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_boolean(input.body.usb_storage_blocked)
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	input.body.usb_storage_blocked == false
	id := "usb-storage"
	why := "nothing keeps out a medium that nobody allowed"
}
