# METADATA
# title: Security updates are installed in the time that the system's criticality allows
# description: Where security updates wait, packages were last changed within the days allowed; the
#   label criticality of the target chooses them.
# custom:
#   id: patch.status.security_updates_in_time
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: high
#   freshness: 48
#   clock: true
#   labels: true
#   why: What most would be hurt by an attack has the least time to be mended; a deadline that does
#     not look at what is at stake is too long for some systems, and too short for the rest.
#   fix: Install the waiting updates now. Set the label criticality (critical, high, medium, low) on
#     the target if another time is meant for it.
#   parameters:
#     max_days: 30
#     days_by_criticality: {"critical": 7, "high": 14, "medium": 30, "low": 60}
#   limits:
#     max_days: [1, 365]
package exhibit.patch.status.security_updates_in_time

import data.exhibit.lib.age

# Supporting, not direct, on A.8.8: when packages were last changed bounds how long an update has been
# left undone from below only where none was installed since; it does not tell when the update came out.

default verdict := "error"

default message := "which security updates wait, or when packages were last changed, could not be determined or lies in the future"

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

message := "no package manager installs software here" if verdict == "not_applicable"

message := sprintf("no security update has been left for more than %v days", [days]) if verdict == "pass"

message := sprintf("security updates wait, and nothing was installed for more than %v days", [days]) if verdict == "fail"

not_applicable if input.body.counts.installed == 0

# What the label does not name, or names in words that the parameter lacks, has the time of the others.
days := named

days := input.parameters.max_days if not named

named := input.parameters.days_by_criticality[lower(input.labels.criticality)]

waiting := [update |
	is_array(input.body.pending)
	some update in input.body.pending
	update.security == true
]

# What must be known before the absence of offending items means anything.
judgeable if {
	known
	count(waiting) == 0
}

judgeable if {
	known
	age.since(input.body.last_update, input.now) <= days * 24
}

known if {
	is_number(days)
	is_string(input.body.lists_refreshed)
	is_array(input.body.pending)
	every update in input.body.pending {
		is_boolean(update.security)
	}
}

items contains {"id": update.name, "why": why} if {
	is_number(days)
	hours := age.since(input.body.last_update, input.now)
	hours > days * 24
	some update in waiting
	why := sprintf("%v waits, and packages were last changed %d days ago", [update.candidate, floor(hours / 24)])
}
