# METADATA
# title: Records of changes reach back
# description: Every source of changes covers the whole window.
# custom:
#   id: sdlc.change_records.records_reach_back
#   kind: sdlc.change_records
#   controls:
#   - id: A.8.32
#     relation: supporting
#   - id: A.5.33
#     relation: context
#   severity: low
#   freshness: 168
#   why: What the records no longer hold cannot be explained to anybody.
#   fix: Keep the records longer, for apt in the logrotate rule of its history.
package exhibit.sdlc.change_records.records_reach_back

import data.exhibit.lib.say

default verdict := "error"

default message := "the sources of changes could not be read"

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

message := "no source of changes is known here" if verdict == "not_applicable"

message := "every source covers the window" if verdict == "pass"

message := "sources do not cover the window" if verdict == "fail"

not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sources)
	every source in input.body.sources {
		is_boolean(source.complete)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.sources)
	some source in input.body.sources
	source.complete == false
	id := source.name
	why := sprintf("its oldest record is of %v", [
		say.field(source, "oldest", "no day, since it holds none"),
	])
}
