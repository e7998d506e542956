# METADATA
# title: The end of support is not near
# description: More days than the limit remain until every kind of free support ends.
# custom:
#   id: patch.status.end_of_life_not_near
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: context
#   - id: A.8.9
#     relation: context
#   severity: low
#   freshness: 168
#   clock: true
#   why: Moving to another release takes planning; starting after the end is too late.
#   fix: Plan the upgrade to the next release before the date named.
#   parameters:
#     days: 180
#   limits:
#     days: [0, 1100]
package exhibit.patch.status.end_of_life_not_near

import data.exhibit.lib.age

default verdict := "error"

default message := "the day on which support ends could not be read"

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

message := "no end of support is known for this release" if verdict == "not_applicable"

message := "the end of support is not near" if verdict == "pass"

message := sprintf("support ends within %d days or has ended", [input.parameters.days]) if verdict == "fail"

not_applicable if input.body.os.end_of_life == null

# What must be known before the absence of offending items means anything.
judgeable if age.until(input.body.os.end_of_life, input.now) > input.parameters.days

items contains {"id": input.body.os.name, "why": why} if {
	remaining := age.until(input.body.os.end_of_life, input.now)
	remaining <= input.parameters.days
	why := sprintf("support ends on %v", [input.body.os.end_of_life])
}
