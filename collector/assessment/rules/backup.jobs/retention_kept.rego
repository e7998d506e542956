# METADATA
# title: Backups are kept as long as promised
# description: Where it is configured how long backups are to be kept, and the repository exists for longer, backups reach as far.
# custom:
#   id: backup.jobs.retention_kept
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   severity: high
#   freshness: 48
#   clock: true
#   why: What was damaged or encrypted months ago comes back only from a backup that old.
#   fix: Look at what prunes the repository and mend the job that misses days, or promise what is really kept.
package exhibit.backup.jobs.retention_kept

import data.exhibit.lib.age
import data.exhibit.lib.backups

default verdict := "error"

default message := "how far the backups of some repository reach is not known, or lies in the future"

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

message := "no promise of how long backups are kept is known here" if verdict == "not_applicable"

message := "backups reach as far as promised" if verdict == "pass"

message := "backups do not reach as far as promised" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	every repository in repositories {
		object.get(repository, "promised", null) == null
	}
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	every repository in repositories {
		told(repository)
	}
}

told(repository) if repository.promised == null

told(repository) if {
	is_object(repository.promised)
	is_number(repository.held.days)
	dated(repository.oldest)
}

# Null: it holds no backup.
dated(time) if time == null

dated(time) if is_number(age.since(time, input.now))

items contains {"id": repository.name, "why": sprintf("%d %s of %d promised have a backup", [there, unit, promised])} if {
	is_array(repositories)
	some repository in repositories
	some unit, field in {"days": "daily", "weeks": "weekly", "months": "monthly", "years": "yearly"}
	promised := repository.promised[field]
	is_number(promised)
	there := repository.held[unit]
	there < promised
	# A repository that is pruned as promised holds that many after so many days: finer steps lie before coarser ones.
	days := number(repository.promised.daily) + 1
	weeks := days + ((number(repository.promised.weekly) + 1) * 7)
	months := weeks + ((number(repository.promised.monthly) + 1) * 31)
	years := months + ((number(repository.promised.yearly) + 1) * 366)
	due := {"days": days, "weeks": weeks, "months": months, "years": years}
	existed(repository) > due[unit]
}

items contains {"id": repository.name, "why": sprintf("backups of %d days are promised and the oldest is younger", [promised])} if {
	is_array(repositories)
	some repository in repositories
	promised := repository.promised.within_days
	is_number(promised)
	age.since(repository.oldest, input.now) / 24 < promised - 2
	existed(repository) > promised + 2
}

items contains {"id": repository.name, "why": sprintf("backups of %d days are promised and there is none", [promised])} if {
	is_array(repositories)
	some repository in repositories
	promised := repository.promised.within_days
	is_number(promised)
	is_object(repository.held)
	repository.oldest == null
	existed(repository) > promised + 2
}

number(value) := value if is_number(value)

number(value) := 0 if value == null

# Days since when it is known to exist: its own record, or its oldest backup.
existed(repository) := max([days |
	some time in [repository.since, repository.oldest]
	days := age.since(time, input.now) / 24
])
