# METADATA
# title: Events are recorded and outlive a restart
# description: At least one recorder runs, starts by itself and keeps its records across restarts.
# custom:
#   id: logging.sources.logs_persist
#   kind: logging.sources
#   controls:
#   - id: A.8.15
#     relation: direct
#   severity: high
#   freshness: 48
#   why: A restart is the first thing after an incident, and records in memory end with it.
#   fix: Install rsyslog, or set Storage=persistent in journald.conf and restart systemd-journald.
package exhibit.logging.sources.logs_persist

# Direct on A.8.15: logs are to be stored, and this observes that they are.

default verdict := "error"

default message := "whether records outlive a restart could not be determined"

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

message := "what happens here is recorded by the machine or service around it" if verdict == "not_applicable"

message := "events are recorded and outlive a restart" if verdict == "pass"

message := "records do not outlive a restart" if verdict == "fail"

not_applicable if {
	is_array(input.body.recorders)
	count(input.body.recorders) == 0
	input.body.audit == null
}

# What must be known before the absence of offending items means anything.
judgeable if count(lasting) > 0

items contains {"id": item.name, "why": "does not keep its records across a restart"} if {
	none_lasts
	some item in input.body.recorders
	item.persistent == false
}

items contains {"id": item.name, "why": "does not run"} if {
	none_lasts
	some item in input.body.recorders
	item.active == false
}

items contains {"id": "recorders", "why": "nothing records events here"} if {
	is_array(input.body.recorders)
	count(input.body.recorders) == 0
}

items contains {"id": item.name, "why": "runs and does not start with the system"} if {
	none_lasts
	some item in input.body.recorders
	item.enabled == false
}

# Of each is known that its records do not last: one that may keep them is not told to lose them.
none_lasts if {
	count(lasting) == 0
	is_array(input.body.recorders)
	every item in input.body.recorders {
		fleeting(item)
	}
}

fleeting(item) if item.persistent == false

fleeting(item) if item.active == false

fleeting(item) if item.enabled == false

lasting contains item.name if {
	is_array(input.body.recorders)
	some item in input.body.recorders
	item.active == true
	item.persistent == true
	not item.enabled == false
}
