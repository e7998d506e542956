# METADATA
# title: Programs that gain rights cannot be replaced by others
# description: No program that gains rights when it is started may be written by its group or by
#   everybody.
# custom:
#   id: access.resource_permissions.privileged_programs_unchangeable
#   kind: access.resource_permissions
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.3
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   severity: critical
#   freshness: 168
#   why: Who may change such a program has the rights that it gains.
#   fix: Take the writing right away with chmod go-w and compare the program with what its package
#     delivered.
#   parameters:
#     exceptions: []
package exhibit.access.resource_permissions.privileged_programs_unchangeable

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place could be looked through, or the mode of a program is not known"

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

message := "no program gains rights when it is started" if verdict == "not_applicable"

message := "only their owner may change programs that gain rights" if verdict == "pass"

message := "others may change programs that gain rights" if verdict == "fail"

not_applicable if {
	is_array(input.body.resources)
	input.body.complete == true
	all_listed
	count(gaining) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.resources)
	input.body.complete == true
	all_listed
	every resource in gaining {
		regex.match("^[0-7]{4}$", resource.mode)
	}
}

items contains {"id": id, "why": why} if {
	some resource in gaining
	regex.match("^[0-7]{2}([2367][0-7]|[0-7][2367])$", resource.mode)
	id := resource.id
	why := sprintf("has mode %v, owner %v, group %v", [
		say.field(resource, "mode", "unknown"),
		say.field(resource, "owner", "unknown"),
		say.field(resource, "group", "unknown"),
	])
}

# A list that was cut short has fewer than were counted.
all_listed if {
	every finding in ["setuid", "setgid", "capabilities"] {
		listed := count([resource |
			is_array(input.body.resources)
			some resource in input.body.resources
			finding in resource.findings
		])
		listed >= object.get(input.body.totals, finding, 0)
	}
}

gaining contains resource if {
	is_array(input.body.resources)
	some resource in input.body.resources
	some finding in ["setuid", "setgid", "capabilities"]
	finding in resource.findings
	resource.type == "file"
	not resource.id in input.parameters.exceptions
}
