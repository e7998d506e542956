# METADATA
# title: Alerts reach somebody
# description: An alert goes to people by mail, pager, chat or a hook, or to a server that raises
#   alerts.
# custom:
#   id: monitoring.alert_rules.alerts_reach_somebody
#   kind: monitoring.alert_rules
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.25
#     relation: supporting
#   - id: A.8.6
#     relation: context
#   severity: medium
#   freshness: 168
#   why: An alert that nobody gets is a line in a file.
#   fix: Give the monitoring a receiver that a person reads, and forward the mail of the
#     administrator.
#   parameters:
#     channels: ["mail", "webhook", "pager", "chat", "sms"]
package exhibit.monitoring.alert_rules.alerts_reach_somebody

default verdict := "error"

default message := "where alerts go could not be read"

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

message := "nothing here raises alerts" if verdict == "not_applicable"

message := "alerts reach somebody" if verdict == "pass"

message := "alerts reach nobody" if verdict == "fail"

not_applicable if {
	is_array(input.body.monitors)
	is_array(input.body.rules)
	is_array(input.body.routes)
	count(input.body.monitors) == 0
	count(input.body.rules) == 0
	count(input.body.routes) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.monitors)
	is_array(input.body.routes)
	count(reached) > 0
}

items contains {"id": id, "why": why} if {
	is_array(input.body.monitors)
	is_array(input.body.rules)
	is_array(input.body.routes)
	count(reached) == 0
	id := "alerts"
	why := sprintf("%d rules and %d routes, and none leads to a person or a server", [
		count(input.body.rules),
		count(input.body.routes),
	])
}

reached contains route.receiver if {
	is_array(input.body.routes)
	some route in input.body.routes
	route.channel in input.parameters.channels
}

reached contains server if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	not monitor.active == false
	is_array(monitor.reports_to)
	some server in monitor.reports_to
}
