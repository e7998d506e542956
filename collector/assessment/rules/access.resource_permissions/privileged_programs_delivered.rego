# METADATA
# title: Programs that gain rights come from packages
# description: Every program that gains rights when it is started was brought by a package.
# custom:
#   id: access.resource_permissions.privileged_programs_delivered
#   kind: access.resource_permissions
#   controls:
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.19
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: A program with borrowed rights that nobody delivered is how an intruder stays, and nobody
#     mends its faults.
#   fix: Find out where the program came from; remove it, take its setuid bit or capabilities, or
#     name it as an exception.
#   parameters:
#     exceptions: []
package exhibit.access.resource_permissions.privileged_programs_delivered

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place could be looked through, or the package database was not asked"

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

message := "every program that gains rights was brought by a package" if verdict == "pass"

message := "programs gain rights that no package brought" if verdict == "fail"

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
		resource.package_checked == true
	}
}

items contains {"id": id, "why": why} if {
	some resource in gaining
	resource.package_checked == true
	resource.package == null
	id := resource.id
	why := sprintf("belongs to no package (%v, owner %v, mode %v)", [
		concat(", ", resource.findings),
		say.field(resource, "owner", "unknown"),
		say.field(resource, "mode", "unknown"),
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
