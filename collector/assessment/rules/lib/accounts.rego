# Whose accounts a list of identity.accounts holds.
package exhibit.lib.accounts

# A list that is not whole although every source of it is a file of the target was cut short. What only a directory lists
# is judged where the directory is observed.
whole(body) if not body.complete == false

whole(body) if {
	body.complete == false
	some source in body.sources
	not source in {"altfiles", "compat", "db", "extrausers", "files", "systemd"}
}

# Words for what a list leaves out.
beyond(body) := "" if not body.complete == false

beyond(body) := "; accounts that only a directory lists are judged there" if body.complete == false
