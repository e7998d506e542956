# METADATA
# title: Backups are encrypted
# description: The content of every repository is encrypted.
# custom:
#   id: backup.jobs.repositories_encrypted
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   - id: A.8.24
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: A backup holds everything the machine holds, and lies where fewer people look.
#   fix: Move to a repository with encryption (restic always, borg init
#     --encryption=repokey-blake2).
package exhibit.backup.jobs.repositories_encrypted

import data.exhibit.lib.backups

default verdict := "error"

default message := "whether some repository is encrypted could not be determined"

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

message := "every backup is encrypted" if verdict == "pass"

message := "repositories are not encrypted" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	count(repositories) == 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	count(repositories) > 0
	is_array(repositories)
	every repository in repositories {
		is_boolean(repository.encrypted)
	}
}

items contains {"id": repository.name, "why": "its content is not encrypted"} if {
	is_array(repositories)
	some repository in repositories
	repository.encrypted == false
}
