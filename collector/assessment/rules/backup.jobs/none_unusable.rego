# METADATA
# title: Every backup that is there is one
# description: No repository holds backups that failed, were cut short or are empty.
# custom:
#   id: backup.jobs.none_unusable
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A backup that is none is found by name in the hour of need.
#   fix: Look at the log of the job, make the backup again, and remove the named one.
package exhibit.backup.jobs.none_unusable

import data.exhibit.lib.backups

default verdict := "error"

default message := "a repository could not be looked into"

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

message := "no backup repository is known here" if verdict == "not_applicable"

message := "every backup counts" if verdict == "pass"

message := "backups count for nothing" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	count(repositories) == 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	count(repositories) > 0
	every repository in repositories {
		is_number(repository.unusable)
	}
}

items contains {"id": sprintf("%v: %v", [repository.name, backup.id]), "why": backup.why} if {
	is_array(repositories)
	some repository in repositories
	repository.unusable > 0
	is_array(repository.unusable_named)
	some backup in repository.unusable_named
}

# Only the first are named.
items contains {"id": repository.name, "why": sprintf("%d more count for nothing", [more])} if {
	is_array(repositories)
	some repository in repositories
	is_array(repository.unusable_named)
	is_number(repository.unusable)
	more := repository.unusable - count(repository.unusable_named)
	more > 0
}
