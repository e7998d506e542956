# METADATA
# title: Automatic updates ran lately and well
# description: The last automatic run is recent and did not report an error.
# custom:
#   id: patch.status.automatic_updates_succeed
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 48
#   clock: true
#   why: A mechanism that is on and fails every night protects as little as one that is off.
#   fix: Read the log of the mechanism (unattended-upgrades.log), mend the cause, and start a run by
#     hand.
#   parameters:
#     max_days: 7
#   limits:
#     max_days: [1, 366]
package exhibit.patch.status.automatic_updates_succeed

import data.exhibit.lib.age

default verdict := "error"

default message := "when automatic updates last ran, or how they ended, is not recorded, not readable, or lies in the future"

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

message := "automatic updates are off" if verdict == "not_applicable"

message := "the last automatic run is recent and succeeded" if verdict == "pass"

message := "automatic updates do not run well" if verdict == "fail"

not_applicable if input.body.automatic_updates.installed == false

not_applicable if input.body.automatic_updates.enabled == false

# What must be known before the absence of offending items means anything.
judgeable if {
	age.since(input.body.automatic_updates.last_run, input.now) <= input.parameters.max_days * 24
	input.body.automatic_updates.last_result == "success"
}

items contains {"id": input.body.automatic_updates.mechanism, "why": why} if {
	hours := age.since(input.body.automatic_updates.last_run, input.now)
	hours > input.parameters.max_days * 24
	why := sprintf("ran last %d days ago", [floor(hours / 24)])
}

items contains {"id": input.body.automatic_updates.mechanism, "why": "reported an error at its last run"} if {
	input.body.automatic_updates.last_result == "failure"
}
