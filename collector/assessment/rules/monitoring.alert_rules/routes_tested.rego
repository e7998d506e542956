# METADATA
# title: The way of alerts is tested
# description: Every way by which alerts reach people was tested within the limit.
# custom:
#   id: monitoring.alert_rules.routes_tested
#   kind: monitoring.alert_rules
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.25
#     relation: context
#   severity: low
#   freshness: 168
#   clock: true
#   why: A changed address is noticed by a test or by a missed alarm.
#   fix: Send a test alert by each way and record that it came.
#   parameters:
#     max_days: 366
#     channels: ["mail", "webhook", "pager", "chat", "sms"]
#   limits:
#     max_days: [1, 1100]
package exhibit.monitoring.alert_rules.routes_tested

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "the time of a test could not be read, or lies in the future"

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

message := "no way leads to people here" if verdict == "not_applicable"

message := "every way of alerts was tested" if verdict == "pass"

message := "ways of alerts were not tested" if verdict == "fail"

not_applicable if {
	is_array(input.body.routes)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.routes)
	every route in judged {
		age.since(route.last_test, input.now) <= input.parameters.max_days * 24
	}
}

items contains {"id": id, "why": why} if {
	some route in judged
	route.last_test == null
	id := route.receiver
	why := sprintf("no test of %v is recorded (%v)", [
		say.field(route, "channel", "unknown"),
		say.field(route, "source", "unknown"),
	])
}

items contains {"id": id, "why": why} if {
	some route in judged
	hours := age.since(route.last_test, input.now)
	hours > input.parameters.max_days * 24
	id := route.receiver
	why := sprintf("was last tested %d days ago", [floor(hours / 24)])
}

judged contains route if {
	is_array(input.body.routes)
	some route in input.body.routes
	route.channel in input.parameters.channels
}
