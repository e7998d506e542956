# METADATA
# title: Something watches files for changes
# description: A program with a state to compare with looks at files by itself; of a service that keeps
#   its state elsewhere it is enough that it runs.
# custom:
#   id: config.file_integrity.files_are_watched
#   kind: config.file_integrity
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   - id: A.5.28
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A change that nobody notices stays for months, and then nobody knows when it came.
#   fix: Install AIDE, make its database, and let its timer or cron job run; or set required to
#     false where something else watches.
#   parameters:
#     required: true
package exhibit.config.file_integrity.files_are_watched

default verdict := "error"

default message := "whether a program watches files could not be determined"

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

message := "no watching of files is required here, by the rule pack" if verdict == "not_applicable"

message := "files are watched for changes" if verdict == "pass"

message := "nothing watches files for changes" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	is_array(input.body.monitors)
	count(working) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.monitors)
	count(working) > 0
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.monitors)
	count(input.body.monitors) == 0
	id := "files"
	why := "no program that watches them is known"
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.monitors)
	none_working
	some monitor in input.body.monitors
	monitor.scheduled == false
	id := monitor.name
	why := "nothing starts it"
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.monitors)
	none_working
	some monitor in input.body.monitors
	monitor.has_baseline == false
	id := monitor.name
	why := "has no state to compare with"
}

# Of each is known that it does not: one that may is not told to be missing.
none_working if {
	count(working) == 0
	every monitor in input.body.monitors {
		idle(monitor)
	}
}

idle(monitor) if monitor.scheduled == false

idle(monitor) if monitor.has_baseline == false

working contains monitor.name if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	monitor.scheduled == true
	not monitor.has_baseline == false
}
