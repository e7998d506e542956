# METADATA
# title: The last backup succeeded lately
# description: Every repository holds a successful backup that is not older than the limit.
# custom:
#   id: backup.jobs.last_success_recent
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: direct
#   severity: critical
#   freshness: 26
#   clock: true
#   why: Everything since the last good backup is lost on the day the disk dies.
#   fix: Read the log of the backup job, mend it, and run it by hand; where no backup is known,
#     configure its repository.
#   parameters:
#     max_hours: 26
#     required: true
#   limits:
#     max_hours: [1, 8760]
package exhibit.backup.jobs.last_success_recent

import data.exhibit.lib.age
import data.exhibit.lib.backups

# Direct on A.8.13: a successful backup of late is the control itself at work.

default verdict := "error"

default message := "the time of the last backup could not be read or lies in the future, or a repository could not be opened"

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

message := "no backup is required here, by the rule pack's setting" if verdict == "not_applicable"

message := "every repository holds a recent backup" if verdict == "pass"

message := "a recent backup is missing" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	is_array(repositories)
	count(repositories) == 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	count(repositories) > 0
	is_array(repositories)
	every repository in repositories {
		age.since(repository.last_success, input.now) <= input.parameters.max_hours
	}
}

items contains {"id": repository.name, "why": why} if {
	is_array(repositories)
	some repository in repositories
	hours := age.since(repository.last_success, input.now)
	hours > input.parameters.max_hours
	why := sprintf("its newest backup is %d hours old", [floor(hours)])
}

items contains {"id": repository.name, "why": "is reachable and holds no backup"} if {
	is_array(repositories)
	some repository in repositories
	repository.reachable == true
	repository.last_success == null
}

items contains {"id": "backup", "why": "no backup repository is known for this target"} if {
	input.parameters.required == true
	is_array(repositories)
	count(repositories) == 0
}
