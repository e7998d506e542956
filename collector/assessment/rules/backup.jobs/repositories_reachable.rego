# METADATA
# title: Every backup repository can be opened
# description: Each configured repository could be opened and listed.
# custom:
#   id: backup.jobs.repositories_reachable
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   - id: A.5.30
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: A backup that cannot be opened cannot be restored.
#   fix: Check address, password file and network path of the repository.
package exhibit.backup.jobs.repositories_reachable

import data.exhibit.lib.backups

default verdict := "error"

default message := "the list of repositories is missing or broken"

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

message := "every repository can be opened" if verdict == "pass"

message := "repositories could not be opened" if verdict == "fail"

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
		is_boolean(repository.reachable)
	}
}

items contains {"id": repository.name, "why": "could not be opened"} if {
	is_array(repositories)
	some repository in repositories
	repository.reachable == false
}
