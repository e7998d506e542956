# METADATA
# title: A change of records would be noticed
# description: Records are sealed, can only be added to, or have a copy on another machine.
# custom:
#   id: logging.protection.changes_would_show
#   kind: logging.protection
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.5.28
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Who takes over a machine removes his traces first.
#   fix: Send the records to another machine, or seal the journal with journalctl --setup-keys and
#     make the audit rules immutable.
package exhibit.logging.protection.changes_would_show

default verdict := "error"

default message := "whether a change of records would be noticed could not be determined"

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

message := "no place of records is known here" if verdict == "not_applicable"

message := "a change of records would be noticed" if verdict == "pass"

message := "a change of records would not be noticed" if verdict == "fail"

not_applicable if {
	is_array(input.body.stores)
	count(input.body.stores) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.stores)
	count(guards) > 0
}

items contains {"id": id, "why": why} if {
	is_array(input.body.stores)
	is_array(input.body.sealing)
	is_array(input.body.remote_copies)
	count(input.body.stores) > 0
	count(guards) == 0
	every sealing in input.body.sealing {
		is_boolean(sealing.in_force)
	}
	id := "records"
	why := "no seal is in force, no place is append-only, and no copy goes elsewhere"
}

guards contains sealing.name if {
	is_array(input.body.sealing)
	some sealing in input.body.sealing
	sealing.in_force == true
}

guards contains store.path if {
	is_array(input.body.stores)
	some store in input.body.stores
	store.append_only == true
}

guards contains copy.destination if {
	is_array(input.body.remote_copies)
	some copy in input.body.remote_copies
}
