# METADATA
# title: What is configured is in force
# description: No written setting differs from the one in force.
# custom:
#   id: config.baseline.configuration_in_force
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A setting that is written and not in force protects on paper only.
#   fix: Load the settings (sysctl --system) and find out what changed them at run time.
package exhibit.config.baseline.configuration_in_force

import data.exhibit.lib.say

# Supporting on A.8.9: written kernel settings that are in force are one part of a managed
# configuration; who declares it as a whole is seen elsewhere.

default verdict := "error"

default message := "whether written settings are in force could not be determined"

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

message := "the target has no written settings" if verdict == "not_applicable"

message := "what is configured is in force" if verdict == "pass"

message := "settings differ from what is written" if verdict == "fail"

not_applicable if {
	input.body.drift == null
	is_object(input.body.settings)
	count(input.body.settings) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if is_array(input.body.drift)

items contains {"id": row.name, "why": why} if {
	is_array(input.body.drift)
	some row in input.body.drift
	why := sprintf("%v is in force, %v is written (%v)", [say.field(row, "live", "nothing"), row.configured, row.source])
}
