# METADATA
# title: No part of the hardware is failing
# description: Every part that says how it is says that it is well.
# custom:
#   id: hardware.health.parts_well
#   kind: hardware.health
#   controls:
#   - id: A.7.13
#     relation: supporting
#   - id: A.7.11
#     relation: context
#   - id: A.8.14
#     relation: context
#   severity: high
#   freshness: 50
#   why: Disks, batteries and memory say for weeks that they are about to fail.
#   fix: Replace the named part while it still works; look at its own diagnosis first (smartctl -a, sensors, ras-mc-ctl --errors).
package exhibit.hardware.health.parts_well

# Supporting on A.7.13: that no part says it is failing is what maintenance is for; whether somebody
# maintains equipment by plan stands in no document of a machine.

default verdict := "error"

default message := "the state of some part has an unknown form"

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

message := "no part here says how it is" if verdict == "not_applicable"

message := "every part that says how it is is well" if verdict == "pass"

message := "parts are failing" if verdict == "fail"

not_applicable if {
	is_array(input.body.parts)
	count(known) == 0
}

known contains part if {
	is_array(input.body.parts)
	some part in input.body.parts
	part.state != "unknown"
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.parts)
	every part in input.body.parts {
		part.state in {"ok", "unknown"}
	}
}

items contains {"id": part.id, "why": sprintf("says %v", [part.state])} if {
	is_array(input.body.parts)
	some part in input.body.parts
	part.state in {"warning", "failed"}
}
