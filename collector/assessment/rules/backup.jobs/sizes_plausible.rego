# METADATA
# title: The newest backup is not much smaller than usual
# description: Where sizes are told, the newest backup of each source has at least the given share of the median of those before it.
# custom:
#   id: backup.jobs.sizes_plausible
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A dump of half a database is a backup like any other until somebody needs the other half.
#   fix: Look at the log of the job that made the named backup, and make it again.
#   parameters:
#     min_percent: 50
#   limits:
#     min_percent: [1, 100]
package exhibit.backup.jobs.sizes_plausible

import data.exhibit.lib.backups

default verdict := "error"

default message := "what the repositories hold is not known"

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

message := "no size is told here" if verdict == "not_applicable"

message := "the newest backups have their usual size" if verdict == "pass"

message := "backups shrank" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	every repository in repositories {
		is_array(repository.sources)
	}
	count(sized) == 0
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	count(sized) > 0
	every repository in repositories {
		is_array(repository.sources)
	}
}

sized contains [repository.name, source] if {
	is_array(repositories)
	some repository in repositories
	is_array(repository.sources)
	some source in repository.sources
	is_number(source.last_bytes)
	is_number(source.usual_bytes)
}

items contains {"id": sprintf("%v: %v", [row[0], concat(", ", array.concat([source.host], source.paths))]), "why": why} if {
	some row in sized
	source := row[1]
	source.last_bytes * 100 < source.usual_bytes * input.parameters.min_percent
	why := sprintf("has %v bytes instead of the usual %v", [source.last_bytes, source.usual_bytes])
}
