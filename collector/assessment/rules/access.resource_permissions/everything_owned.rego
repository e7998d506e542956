# METADATA
# title: Everything has an owner that exists
# description: No file belongs to an account or group that is gone.
# custom:
#   id: access.resource_permissions.everything_owned
#   kind: access.resource_permissions
#   controls:
#   - id: A.8.3
#     relation: supporting
#   - id: A.5.15
#     relation: supporting
#   - id: A.6.5
#     relation: context
#   severity: medium
#   freshness: 168
#   why: The next account that gets the free number inherits what the former one left.
#   fix: Give the files to somebody with chown, or archive and delete them.
#   parameters:
#     exceptions: []
package exhibit.access.resource_permissions.everything_owned

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

message := "everything has an owner that exists" if verdict == "pass"

message := "files belong to accounts or groups that are gone" if verdict == "fail"

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
	some finding in ["unowned_user", "unowned_group"]
	finding in resource.findings
	not resource.id in input.parameters.exceptions
	id := resource.id
	why := sprintf("belongs to %v:%v, and %v more below it", [
		say.field(resource, "owner", "unknown"),
		say.field(resource, "group", "unknown"),
		say.field(resource, "below", "unknown"),
	])
}
