# METADATA
# title: What should start jobs is running
# description: Every scheduler that starts with the system runs now.
# custom:
#   id: config.scheduled_jobs.schedulers_run
#   kind: config.scheduled_jobs
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.16
#     relation: context
#   severity: medium
#   freshness: 48
#   why: When the scheduler stands still no job fails, and none runs.
#   fix: Start the scheduler and read why it ended.
package exhibit.config.scheduled_jobs.schedulers_run

default verdict := "error"

default message := "whether a scheduler runs could not be determined"

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

message := "no scheduler starts with the system here" if verdict == "not_applicable"

message := "every enabled scheduler runs" if verdict == "pass"

message := "a scheduler that should run does not" if verdict == "fail"

not_applicable if {
	is_array(input.body.schedulers)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.schedulers)
	every scheduler in judged {
		sound(scheduler)
	}
}

items contains {"id": id, "why": why} if {
	some scheduler in judged
	scheduler.enabled == true
	scheduler.active == false
	id := scheduler.name
	why := "starts with the system and does not run"
}

sound(scheduler) if scheduler.active == true

sound(scheduler) if {
	scheduler.active == false
	scheduler.enabled == true
}

judged contains scheduler if {
	is_array(input.body.schedulers)
	some scheduler in input.body.schedulers
	not scheduler.enabled == false
}
