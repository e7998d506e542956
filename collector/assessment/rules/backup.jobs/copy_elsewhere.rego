# METADATA
# title: A backup lies on another machine
# description: At least one repository that lies on another machine or account than the data holds a backup.
# custom:
#   id: backup.jobs.copy_elsewhere
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   - id: A.5.30
#     relation: supporting
#   - id: A.8.14
#     relation: context
#   severity: high
#   freshness: 48
#   why: Fire, theft and an intruder take the machine with the backup on it.
#   fix: Add a repository on another site or account, at best one that only accepts new backups.
package exhibit.backup.jobs.copy_elsewhere

import data.exhibit.lib.backups

default verdict := "error"

default message := "where the repositories lie, or what the one elsewhere holds, could not be determined"

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

message := "a backup lies on another machine" if verdict == "pass"

message := "no backup lies on another machine" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	count(repositories) == 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if count(elsewhere) > 0

items contains {"id": repository.name, "why": "lies beside the data"} if {
	none_elsewhere
	some repository in repositories
	repository.off_site == false
}

items contains {"id": repository.name, "why": "lies elsewhere and holds no backup"} if {
	none_elsewhere
	some repository in repositories
	empty(repository)
}

elsewhere contains repository.name if {
	is_array(repositories)
	some repository in repositories
	repository.off_site == true
	is_string(repository.last_success)
}

# Of each repository is known that it is none elsewhere, or an empty one.
none_elsewhere if {
	is_array(repositories)
	count(elsewhere) == 0
	every repository in repositories {
		beside(repository)
	}
}

beside(repository) if repository.off_site == false

beside(repository) if empty(repository)

empty(repository) if {
	repository.off_site == true
	repository.reachable == true
	repository.last_success == null
}
