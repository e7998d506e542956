# What counts as a backup. Undefined when there is no list, so a rule that uses it falls back to its error.
package exhibit.lib.backups

# Repositories without those that hold earlier states of the very volume that holds the data: these are lost with it.
of(body) := [repository |
	some repository in body.repositories
	object.get(repository, "type", "backups") != "snapshots"
] if {
	is_array(body.repositories)
}
