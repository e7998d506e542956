# METADATA
# title: Scheduled jobs end well
# description: The last run of every job whose end somebody records did not fail.
# custom:
#   id: config.scheduled_jobs.jobs_succeed
#   kind: config.scheduled_jobs
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.16
#     relation: context
#   - id: A.5.37
#     relation: context
#   severity: medium
#   freshness: 48
#   why: Backups, rotations and renewals are scheduled jobs; they fail in silence.
#   fix: Read the log of the job, mend it and start it by hand once.
#   parameters:
#     exceptions: []
package exhibit.config.scheduled_jobs.jobs_succeed

import data.exhibit.lib.say

default verdict := "error"

default message := "the jobs could not be read"

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

message := "no job with a recorded end is here" if verdict == "not_applicable"

message := "no job whose end is recorded failed" if verdict == "pass"

message := "scheduled jobs failed when they last ran" if verdict == "fail"

not_applicable if {
	is_array(input.body.jobs)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.jobs)
	every job in judged {
		job.last_result in ["success", "running"]
	}
}

items contains {"id": id, "why": why} if {
	some job in judged
	job.last_result == "failure"
	id := job.name
	why := sprintf("failed (exit code %v) at %v", [
		say.field(job, "exit_code", "not recorded"),
		say.field(job, "last_run", "an unknown time"),
	])
}

judged contains job if {
	is_array(input.body.jobs)
	some job in input.body.jobs
	job.last_result != null
	not job.name in input.parameters.exceptions
}
