# METADATA
# title: Only named accounts may add jobs
# description: Every scheduler with a list of accounts that may add jobs has such a list.
# custom:
#   id: config.scheduled_jobs.adding_jobs_restricted
#   kind: config.scheduled_jobs
#   controls:
#   - id: A.8.3
#     relation: supporting
#   - id: A.8.2
#     relation: context
#   severity: low
#   freshness: 168
#   why: A job is a way to run later, unseen, and after the account should have been gone.
#   fix: Name the accounts in /etc/cron.allow and /etc/at.allow; an empty file leaves the
#     administrator alone.
#   parameters:
#     schedulers: ["cron", "atd"]
package exhibit.config.scheduled_jobs.adding_jobs_restricted

default verdict := "error"

default message := "the schedulers could not be read"

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

message := "no scheduler with such a list is here" if verdict == "not_applicable"

message := "only named accounts may add jobs" if verdict == "pass"

message := "every account may add jobs" if verdict == "fail"

not_applicable if {
	is_array(input.body.schedulers)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.schedulers)
	every scheduler in judged {
		is_array(scheduler.allowed_users)
	}
}

items contains {"id": id, "why": why} if {
	some scheduler in judged
	scheduler.allowed_users == null
	id := scheduler.name
	why := "every account may add jobs of its own"
}

judged contains scheduler if {
	is_array(input.body.schedulers)
	some scheduler in input.body.schedulers
	scheduler.name in input.parameters.schedulers
}
