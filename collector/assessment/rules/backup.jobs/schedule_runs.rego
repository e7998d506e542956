# METADATA
# title: Backups start by themselves and end well
# description: A schedule that starts backups is switched on, and no run of a schedule of the backup tools failed
#   when it last ran.
# custom:
#   id: backup.jobs.schedule_runs
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A backup that somebody has to think of is made until somebody forgets.
#   fix: Enable the timer or cron line of the backup tool, and mend the job if its last run failed.
package exhibit.backup.jobs.schedule_runs

import data.exhibit.lib.backups

default verdict := "error"

default message := "whether a schedule is switched on could not be determined"

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

message := "nothing here starts the backups that are known; whether they come is told by their age" if verdict == "not_applicable"

message := "backups start by themselves" if verdict == "pass"

message := "backups do not start by themselves, or fail" if verdict == "fail"

not_applicable if {
	count(input.body.schedules) == 0
	count(repositories) > 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	some schedule in starting
	schedule.enabled == true
}

# A check or a clearing is no backup; what cannot be told from its command may be one.
starting contains schedule if {
	is_array(input.body.schedules)
	some schedule in input.body.schedules
	not object.get(schedule, "action", null) in {"check", "prune"}
}

items contains {"id": "schedules", "why": "nothing starts a backup here"} if {
	is_array(input.body.schedules)
	count(starting) == 0
}

items contains {"id": schedule.name, "why": "is switched off, and no other schedule starts a backup"} if {
	every schedule in starting {
		schedule.enabled == false
	}
	some schedule in starting
}

items contains {"id": schedule.name, "why": "its last run failed"} if {
	is_array(input.body.schedules)
	some schedule in input.body.schedules
	schedule.last_result == "failure"
}
