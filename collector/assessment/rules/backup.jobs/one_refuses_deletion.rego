# METADATA
# title: A repository refuses to give up its backups
# description: Of the repositories whose tool can say so, at least one takes new backups and does not delete old ones.
# custom:
#   id: backup.jobs.one_refuses_deletion
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: context
#   - id: A.8.7
#     relation: context
#   severity: medium
#   freshness: 48
#   why: Who takes over a host deletes its backups first, unless the repository does not let it.
#   fix: Set append_only in the borg repository, serve restic by a rest-server with --append-only, or lock the objects of the storage.
package exhibit.backup.jobs.one_refuses_deletion

import data.exhibit.lib.backups

default verdict := "error"

default message := "whether a repository refuses deletion is not known"

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

message := "no tool here says whether its repository refuses deletion" if verdict == "not_applicable"

message := "a repository refuses deletion" if verdict == "pass"

message := "every backup can be deleted" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	every repository in repositories {
		object.get(repository, "append_only", null) == null
	}
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	some repository in repositories
	repository.append_only == true
}

items contains {"id": repository.name, "why": "lets old backups be deleted"} if {
	not judgeable
	is_array(repositories)
	some repository in repositories
	repository.append_only == false
}
