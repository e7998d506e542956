# METADATA
# title: Recorded checks of repositories are recent and found them whole
# description: Where the last check of a repository by its tool is recorded, it did not fail and is not older than the limit.
# custom:
#   id: backup.jobs.checks_recent
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: high
#   freshness: 48
#   clock: true
#   why: A repository rots unseen; its tool finds that out long before a restore needs it.
#   fix: Run the check of the tool on a schedule (borgmatic check, restic check --read-data-subset=5%), and mend what it finds.
#   parameters:
#     max_days: 35
#   limits:
#     max_days: [1, 366]
package exhibit.backup.jobs.checks_recent

import data.exhibit.lib.age
import data.exhibit.lib.backups

default verdict := "error"

default message := "the time or the result of some check is missing, or lies in the future"

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

message := "no check of a repository is recorded here" if verdict == "not_applicable"

message := "every recorded check is recent and found nothing" if verdict == "pass"

message := "repositories were not checked lately, or are not whole" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	every repository in repositories {
		repository.reachable == true
		object.get(repository, "last_check", null) == null
	}
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	every repository in repositories {
		told(repository, object.get(repository, "last_check", null))
	}
}

# A repository that could not be opened may hold the record of a check.
told(repository, check) if {
	check == null
	repository.reachable == true
}

told(_, check) if {
	check.result in {"success", "running"}
	is_number(age.since(check.time, input.now))
}

items contains {"id": repository.name, "why": "its last check failed"} if {
	is_array(repositories)
	some repository in repositories
	repository.last_check.result == "failure"
}

items contains {"id": repository.name, "why": sprintf("its last check is %d days old", [floor(days)])} if {
	is_array(repositories)
	some repository in repositories
	days := age.since(repository.last_check.time, input.now) / 24
	days > input.parameters.max_days
}
