# METADATA
# title: Copies wait while the other side is away
# description: Records for another machine wait on disk while it cannot be reached.
# custom:
#   id: logging.protection.copies_buffered
#   kind: logging.protection
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.5.28
#     relation: context
#   severity: low
#   freshness: 168
#   why: An intruder who cuts the line first would leave no copy.
#   fix: Give the forwarding a queue on disk, for rsyslog queue.type LinkedList with a file name
#     and queue.saveOnShutdown.
package exhibit.logging.protection.copies_buffered

import data.exhibit.lib.say

default verdict := "error"

default message := "whether records wait on disk could not be determined"

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

message := "no copy goes to another machine" if verdict == "not_applicable"

message := "records wait on disk while the other side is away" if verdict == "pass"

message := "records are lost while the other side is away" if verdict == "fail"

not_applicable if {
	is_array(input.body.remote_copies)
	count(input.body.remote_copies) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.remote_copies)
	every copy in input.body.remote_copies {
		is_boolean(copy.buffered)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.remote_copies)
	some copy in input.body.remote_copies
	copy.buffered == false
	id := copy.destination
	why := sprintf("gets its copy by %v without a queue on disk (%v)", [
		say.field(copy, "mechanism", "unknown"),
		say.field(copy, "source", "unknown"),
	])
}
