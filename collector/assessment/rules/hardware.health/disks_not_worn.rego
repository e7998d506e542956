# METADATA
# title: Disks are replaced before they are worn out
# description: No disk has used more of the life that its maker gives it than the limit.
# custom:
#   id: hardware.health.disks_not_worn
#   kind: hardware.health
#   controls:
#   - id: A.7.13
#     relation: supporting
#   - id: A.8.14
#     relation: context
#   severity: medium
#   freshness: 50
#   why: A disk of flash memory says for months how much of its life is left; all disks of one
#     purchase end together.
#   fix: Order the replacement and change the named disk while it still works; smartctl -a shows
#     what it counts.
#   parameters:
#     max_percent: 80
#   limits:
#     max_percent: [1, 255]
package exhibit.hardware.health.disks_not_worn

default verdict := "error"

default message := "how worn some disk is could not be read"

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

message := "no disk here says how worn it is" if verdict == "not_applicable"

message := "no disk is near the end of its life" if verdict == "pass"

message := "disks are near the end of their life" if verdict == "fail"

not_applicable if {
	is_array(input.body.parts)
	count(telling) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.parts)
	every part in telling {
		is_number(to_number(part.settings.used_percent))
	}
}

items contains {"id": part.id, "why": why} if {
	some part in telling
	to_number(part.settings.used_percent) > input.parameters.max_percent
	why := sprintf("has used %v percent of its life", [part.settings.used_percent])
}

telling contains part if {
	is_array(input.body.parts)
	some part in input.body.parts
	part.kind == "disk"
	is_string(part.settings.used_percent)
}
