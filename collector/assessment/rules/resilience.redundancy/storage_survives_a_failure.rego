# METADATA
# title: Storage survives the failure of a disk
# description: Each group of storage was made to survive at least one failure.
# custom:
#   id: resilience.redundancy.storage_survives_a_failure
#   kind: resilience.redundancy
#   controls:
#   - id: A.8.14
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A stripe over two disks fails twice as often as one disk.
#   fix: Rebuild the named group with a level that holds everything more than once, or note why its loss is bearable.
package exhibit.resilience.redundancy.storage_survives_a_failure

default verdict := "error"

default message := "what some group survives is not known"

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

message := "no group of storage is known here" if verdict == "not_applicable"

message := "all storage survives a failure" if verdict == "pass"

message := "storage survives no failure" if verdict == "fail"

not_applicable if {
	is_array(input.body.groups)
	count(storage) == 0
}

storage contains group if {
	is_array(input.body.groups)
	some group in input.body.groups
	group.kind == "storage"
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.groups)
	every group in storage {
		is_number(group.tolerates)
	}
}

items contains {"id": group.id, "why": "survives no failure"} if {
	some group in storage
	group.tolerates == 0
}
