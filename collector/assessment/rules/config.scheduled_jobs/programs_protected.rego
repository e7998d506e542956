# METADATA
# title: Programs of scheduled jobs cannot be replaced by others
# description: No program that a scheduled job starts may be changed by anybody beside its owner
#   and the administrator.
# custom:
#   id: config.scheduled_jobs.programs_protected
#   kind: config.scheduled_jobs
#   controls:
#   - id: A.8.3
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.9
#     relation: context
#   severity: critical
#   freshness: 168
#   why: Who may change the program of a job of the administrator is the administrator from the
#     next run on.
#   fix: Give program and folder to the account that runs the job and take the writing right from
#     others.
package exhibit.config.scheduled_jobs.programs_protected

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

message := "of no job is known who may change its program" if verdict == "not_applicable"

message := "no known program of a job may be changed by others" if verdict == "pass"

message := "programs of jobs may be changed by others" if verdict == "fail"

not_applicable if {
	is_array(input.body.jobs)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.jobs)
	every job in judged {
		is_boolean(job.program_writable_by_others)
	}
}

items contains {"id": id, "why": why} if {
	some job in judged
	job.program_writable_by_others == true
	id := job.name
	why := sprintf("runs as %v a program that others may change", [
		say.field(job, "owner", "an unknown account"),
	])
}

judged contains job if {
	is_array(input.body.jobs)
	some job in input.body.jobs
	job.program_writable_by_others != null
}
