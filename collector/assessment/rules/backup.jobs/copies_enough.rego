# METADATA
# title: Everything has more than one backup
# description: Each host that some repository names is named by as many repositories as the rule asks for, so that with the original there are at least three copies.
# custom:
#   id: backup.jobs.copies_enough
#   kind: backup.jobs
#   controls:
#   - id: A.8.13
#     relation: context
#   - id: A.8.14
#     relation: context
#   severity: medium
#   freshness: 48
#   why: One repository is one mistake, one disk or one password away from none.
#   fix: Add a second repository at another place, or copy the first one there.
#   parameters:
#     min_repositories: 2
#   limits:
#     min_repositories: [1, 20]
package exhibit.backup.jobs.copies_enough

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

message := "no repository names a host" if verdict == "not_applicable"

message := "every host has enough backups" if verdict == "pass"

message := "hosts have too few backups" if verdict == "fail"

not_applicable if {
	is_array(repositories)
	count(named) == 0
	every repository in repositories {
		is_array(repository.sources)
	}
}

repositories := backups.of(input.body)

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(repositories)
	count(named) > 0
	every repository in repositories {
		is_array(repository.sources)
	}
}

# What could not be read may hold any of the hosts.
unread := {repository.name |
	is_array(repositories)
	some repository in repositories
	not is_array(repository.sources)
}

named := {source.host |
	is_array(repositories)
	some repository in repositories
	is_array(repository.sources)
	some source in repository.sources
	source.host != ""
}

items contains {"id": host, "why": sprintf("has backups in %d repositories", [count(holding)])} if {
	is_array(repositories)
	some host in named
	holding := {repository.name |
		some repository in repositories
		is_array(repository.sources)
		some source in repository.sources
		source.host == host
	}
	count(holding) + count(unread) < input.parameters.min_repositories
}
