# METADATA
# title: Lists of filters are kept up to date
# description: Every list of a filter that has more than a handful of entries changed lately;
#   lists kept by hand may be named in the parameters.
# custom:
#   id: network.web_filtering.lists_fresh
#   kind: network.web_filtering
#   controls:
#   - id: A.8.23
#     relation: supporting
#   - id: A.8.7
#     relation: supporting
#   severity: low
#   freshness: 48
#   clock: true
#   why: Sites that harm live for days; a list of last year keeps nobody from them.
#   fix: Fetch the list by a timer and look whether that works.
#   parameters:
#     max_days: 30
#     min_entries: 100
#     exceptions: []
#   limits:
#     max_days: [1, 366]
#     min_entries: [1, 1000000]
package exhibit.network.web_filtering.lists_fresh

import data.exhibit.lib.age

default verdict := "error"

default message := "the age of a list is not known, or lies in the future"

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

message := "no filter here has a list that somebody else keeps" if verdict == "not_applicable"

message := "every list is fresh" if verdict == "pass"

message := "lists are old" if verdict == "fail"

not_applicable if {
	is_array(input.body.filters)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.filters)
	every list in judged {
		is_number(age.days(list.updated, input.now))
	}
}

items contains {"id": list.name, "why": why} if {
	some list in judged
	days := floor(age.days(list.updated, input.now))
	days > input.parameters.max_days
	why := sprintf("changed %d days ago", [days])
}

judged contains list if {
	is_array(input.body.filters)
	some filter in input.body.filters
	is_array(filter.lists)
	some list in filter.lists
	not short(list)
	not list.name in input.parameters.exceptions
}

# A short list is kept by hand, and has no need to change.
short(list) if {
	is_number(list.entries)
	list.entries < input.parameters.min_entries
}
