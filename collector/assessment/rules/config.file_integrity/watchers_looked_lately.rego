# METADATA
# title: What watches files looked lately
# description: Every watching program that records its runs looked within the limit.
# custom:
#   id: config.file_integrity.watchers_looked_lately
#   kind: config.file_integrity
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.8.9
#     relation: context
#   severity: medium
#   freshness: 168
#   clock: true
#   why: A watcher that stopped months ago would have found what happened since.
#   fix: Run the check by hand, mend what stops it, and see that its timer is enabled.
#   parameters:
#     max_days: 8
#   limits:
#     max_days: [1, 366]
package exhibit.config.file_integrity.watchers_looked_lately

import data.exhibit.lib.age

default verdict := "error"

default message := "the day of the last look could not be read, or lies in the future"

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

message := "no watching program that records its runs is here" if verdict == "not_applicable"

message := "every watching program looked lately" if verdict == "pass"

message := "a watching program has not looked lately" if verdict == "fail"

not_applicable if {
	is_array(input.body.monitors)
	count(recorded) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.monitors)
	every monitor in recorded {
		age.days(monitor.last_run, input.now) <= input.parameters.max_days
	}
}

items contains {"id": id, "why": why} if {
	some monitor in recorded
	days := age.days(monitor.last_run, input.now)
	days > input.parameters.max_days
	id := monitor.name
	why := sprintf("last looked %d days ago", [floor(days)])
}

recorded contains monitor if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	is_string(monitor.last_run)
}
