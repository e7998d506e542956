# METADATA
# title: Nobody may write without being named
# description: No file, and no directory without the sticky bit, is open to the writing of
#   everybody.
# custom:
#   id: access.resource_permissions.no_world_writable
#   kind: access.resource_permissions
#   controls:
#   - id: A.8.3
#     relation: supporting
#   - id: A.5.15
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   severity: high
#   freshness: 168
#   why: What everybody may write, everybody may replace, with a program that somebody else then
#     runs.
#   fix: Take the right away with chmod o-w, or set the sticky bit on a directory that many share.
#   parameters:
#     exceptions: []
package exhibit.access.resource_permissions.no_world_writable

import data.exhibit.lib.say

default verdict := "error"

default message := "not every place could be looked through to its end, so what is not listed is not known"

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

message := "there is nothing to look through here" if verdict == "not_applicable"

message := "nothing is open to the writing of everybody" if verdict == "pass"

message := "files or directories are open to the writing of everybody" if verdict == "fail"

not_applicable if {
	is_array(input.body.resources)
	is_array(input.body.scopes)
	input.body.complete == true
	count(input.body.resources) == 0
	count(input.body.scopes) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.resources)
	input.body.complete == true
}

items contains {"id": id, "why": why} if {
	is_array(input.body.resources)
	some resource in input.body.resources
	"world_writable" in resource.findings
	not resource.id in input.parameters.exceptions
	id := resource.id
	why := sprintf("is a %v of %v with mode %v, and %v more below it", [
		say.field(resource, "type", "unknown"),
		say.field(resource, "owner", "unknown"),
		say.field(resource, "mode", "unknown"),
		say.field(resource, "below", "unknown"),
	])
}
