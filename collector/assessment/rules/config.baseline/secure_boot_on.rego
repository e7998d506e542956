# METADATA
# title: Only signed code starts the machine
# description: Secure boot is on.
# custom:
#   id: config.baseline.secure_boot_on
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: context
#   - id: A.8.1
#     relation: context
#   severity: low
#   freshness: 168
#   why: Without it, a changed start-up disk starts as if nothing had happened.
#   fix: Switch secure boot on in the firmware.
package exhibit.config.baseline.secure_boot_on

default verdict := "error"

default message := "the state of secure boot could not be read"

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

message := "this machine has no notion of secure boot, or it is not visible" if verdict == "not_applicable"

message := "secure boot is on" if verdict == "pass"

message := "secure boot is off" if verdict == "fail"

not_applicable if input.body.secure_boot == null

# What must be known before the absence of offending items means anything.
judgeable if input.body.secure_boot == true

items contains {"id": "secure_boot", "why": "is off"} if input.body.secure_boot == false
