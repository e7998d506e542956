# METADATA
# title: Filters that are installed run
# description: Every filter that comes up by itself runs now.
# custom:
#   id: network.web_filtering.filters_run
#   kind: network.web_filtering
#   controls:
#   - id: A.8.23
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: A filter that stopped is noticed by nobody who is glad of it.
#   fix: Start the service and read why it ended.
#   parameters:
#     exceptions: []
package exhibit.network.web_filtering.filters_run

default verdict := "error"

default message := "whether the filters run is not known"

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

message := "no filter here comes up by itself" if verdict == "not_applicable"

message := "every filter that is switched on runs" if verdict == "pass"

message := "filters that are switched on do not run" if verdict == "fail"

not_applicable if {
	is_array(input.body.filters)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.filters)
	every filter in judged {
		filter.active == true
	}
}

items contains {"id": filter.id, "why": "is switched on and does not run"} if {
	some filter in judged
	filter.active == false
}

judged contains filter if {
	is_array(input.body.filters)
	some filter in input.body.filters
	filter.enabled == true
	not filter.id in input.parameters.exceptions
}
