# METADATA
# title: What watches files found no unexplained change
# description: The last look of every watching program found no difference from its state.
# custom:
#   id: config.file_integrity.watchers_found_nothing
#   kind: config.file_integrity
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.28
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Differences that nobody reads are the alarm that rings in an empty house.
#   fix: Read the report, explain each change, and renew the state to compare with once they are
#     explained.
package exhibit.config.file_integrity.watchers_found_nothing

import data.exhibit.lib.say

default verdict := "error"

default message := "what the last look found could not be read"

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

message := "no watching program tells what it found" if verdict == "not_applicable"

message := "the last looks found nothing changed" if verdict == "pass"

message := "the last look found changes" if verdict == "fail"

not_applicable if {
	is_array(input.body.monitors)
	count(recorded) == 0
	count(unread) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.monitors)
	count(unread) == 0
	every monitor in recorded {
		monitor.last_result == "clean"
	}
}

items contains {"id": id, "why": why} if {
	some monitor in recorded
	monitor.last_result == "differences"
	id := monitor.name
	why := sprintf("found differences on %v", [say.field(monitor, "last_run", "an unknown day")])
}

recorded contains monitor if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	is_string(monitor.last_result)
}

# It looked, says nothing of why its finding is not told, and so its report could not be read.
unread contains monitor if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	is_string(monitor.last_run)
	monitor.last_result == null
	monitor.detail == null
}
