# METADATA
# title: The target is monitored
# description: A monitoring program runs here; what only starts services does not count.
# custom:
#   id: monitoring.alert_rules.target_is_monitored
#   kind: monitoring.alert_rules
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.8.6
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: What nobody watches fails first and is noticed by the customers.
#   fix: Install an agent of the monitoring and let it report, or set required to false where the
#     target is watched from outside.
#   parameters:
#     required: true
#     not_monitors: ["systemd"]
package exhibit.monitoring.alert_rules.target_is_monitored

default verdict := "error"

default message := "whether a monitoring program runs could not be determined"

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

message := "no monitoring is required here, by the rule pack" if verdict == "not_applicable"

message := "a monitoring program runs" if verdict == "pass"

message := "no monitoring program runs" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	is_array(input.body.monitors)
	count(running) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.monitors)
	count(running) > 0
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.monitors)
	count(known) == 0
	id := "monitoring"
	why := "no monitoring program is known"
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.monitors)
	every monitor in known {
		monitor.active == false
	}
	some monitor in known
	id := monitor.name
	why := "is installed and does not run"
}

known contains monitor if {
	is_array(input.body.monitors)
	some monitor in input.body.monitors
	not monitor.name in input.parameters.not_monitors
}

running contains monitor.name if {
	some monitor in known
	monitor.active == true
}
