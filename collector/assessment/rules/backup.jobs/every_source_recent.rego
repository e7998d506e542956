# METADATA
# title: Everything that is backed up was backed up lately
# description: Each host and path set in a repository has a backup not older than the limit.
# custom:
#   id: backup.jobs.every_source_recent
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: high
#   freshness: 26
#   clock: true
#   why: A repository looks fresh while one of its sources stopped months ago.
#   fix: Find the job of the named source and mend it, or remove the source if it is gone.
#   parameters:
#     max_hours: 26
#   limits:
#     max_hours: [1, 8760]
package exhibit.backup.jobs.every_source_recent

import data.exhibit.lib.age
import data.exhibit.lib.backups

default verdict := "error"

default message := "the sources of some repository could not be read, or a backup lies in the future"

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

message := "nothing is backed up here" if verdict == "not_applicable"

message := "everything was backed up lately" if verdict == "pass"

message := "sources were not backed up lately" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	every repository in repositories {
		is_array(repository.sources)
		count(repository.sources) == 0
	}
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	every repository in repositories {
		is_array(repository.sources)
		every source in repository.sources {
			age.since(source.last_success, input.now) <= input.parameters.max_hours
		}
	}
}

items contains {"id": sprintf("%v: %v", [repository.name, concat(", ", array.concat([source.host], source.paths))]), "why": why} if {
	is_array(repositories)
	some repository in repositories
	is_array(repository.sources)
	some source in repository.sources
	hours := age.since(source.last_success, input.now)
	hours > input.parameters.max_hours
	why := sprintf("was backed up %d hours ago", [floor(hours)])
}
