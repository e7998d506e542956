# METADATA
# title: Programs are as they were delivered
# description: No packaged program or library differs from what its package delivered;
#   configuration is left out.
# custom:
#   id: config.file_integrity.programs_as_delivered
#   kind: config.file_integrity
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.7
#     relation: supporting
#   - id: A.5.28
#     relation: context
#   severity: high
#   freshness: 168
#   why: A changed program is a mistake, a shortcut, or somebody who wants to stay.
#   fix: Find out who changed the file; reinstall its package; if nobody did, treat it as an
#     incident.
#   parameters:
#     changes: ["content", "missing"]
#     exceptions: []
package exhibit.config.file_integrity.programs_as_delivered

import data.exhibit.lib.say

default verdict := "error"

default message := "nothing could be compared with what was delivered, or not all of it"

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

message := "nothing was delivered that could be compared" if verdict == "not_applicable"

message := "every program is as it was delivered" if verdict == "pass"

message := "programs are not as they were delivered" if verdict == "fail"

# rpm's own comparison does not say how many files it looked at.
not_applicable if {
	input.body.delivered.files == 0
	not startswith(input.body.delivered.method, "rpm -V")
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.delivered.changed)
	input.body.delivered.complete == true
}

items contains {"id": id, "why": why} if {
	is_array(input.body.delivered.changed)
	some file in input.body.delivered.changed
	file.configuration == false
	file.change in input.parameters.changes
	not file.path in input.parameters.exceptions
	id := file.path
	why := sprintf("differs by %v from what %v delivered", [
		say.field(file, "change", "unknown"),
		say.field(file, "package", "its package"),
	])
}
