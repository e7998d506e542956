# METADATA
# title: Schedules of backups have run
# description: Where it is recorded since when a schedule waits, it has run within the limit.
# custom:
#   id: backup.jobs.schedules_have_run
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: medium
#   freshness: 48
#   clock: true
#   why: A timer that was enabled and never fires looks like one that works.
#   fix: Look at the timer with systemctl list-timers, and start its service once by hand.
#   parameters:
#     max_days: 8
#   limits:
#     max_days: [1, 366]
package exhibit.backup.jobs.schedules_have_run

import data.exhibit.lib.age

default verdict := "error"

default message := "since when some schedule waits is not known, or lies in the future"

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

message := "no schedule records since when it waits" if verdict == "not_applicable"

message := "every schedule has run, or is new" if verdict == "pass"

message := "schedules have never run" if verdict == "fail"

not_applicable if {
	is_array(input.body.schedules)
	every schedule in input.body.schedules {
		object.get(schedule, "armed_since", null) == null
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.schedules)
	every schedule in input.body.schedules {
		told(object.get(schedule, "armed_since", null))
	}
}

told(since) if since == null

told(since) if is_number(age.since(since, input.now))

items contains {"id": schedule.name, "why": sprintf("waits for %d days and has never run", [floor(days)])} if {
	is_array(input.body.schedules)
	some schedule in input.body.schedules
	schedule.last_run == null
	days := age.since(schedule.armed_since, input.now) / 24
	days > input.parameters.max_days
}
