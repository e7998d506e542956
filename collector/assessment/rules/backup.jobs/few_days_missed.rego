# METADATA
# title: Hardly a day has no backup
# description: Of the last seven whole days, each source misses at most as many as the rule allows.
# custom:
#   id: backup.jobs.few_days_missed
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   severity: medium
#   freshness: 26
#   why: A job that fails every other night looks fresh each morning.
#   fix: Look at the nights on which the job of the named source failed, and mend it; raise the limit where backups are not made daily.
#   parameters:
#     max_days: 2
#   limits:
#     max_days: [0, 7]
package exhibit.backup.jobs.few_days_missed

import data.exhibit.lib.backups

default verdict := "error"

default message := "the sources of some repository could not be read"

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

message := "hardly a day is missed" if verdict == "pass"

message := "days are missed" if verdict == "fail"

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
			is_number(source.days_missed)
		}
	}
}

items contains {"id": sprintf("%v: %v", [repository.name, concat(", ", array.concat([source.host], source.paths))]), "why": why} if {
	is_array(repositories)
	some repository in repositories
	is_array(repository.sources)
	some source in repository.sources
	is_number(source.days_missed)
	source.days_missed > input.parameters.max_days
	why := sprintf("%d of the last seven days have no backup", [source.days_missed])
}
