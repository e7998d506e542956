# METADATA
# title: Something detects attacks
# description: A sensor that detects attacks runs, or left a record within the window.
# custom:
#   id: monitoring.detections.sensor_at_work
#   kind: monitoring.detections
#   controls:
#   - id: A.8.16
#     relation: direct
#   - id: A.5.25
#     relation: context
#   severity: medium
#   freshness: 48
#   clock: true
#   why: An intrusion that nothing detects is found by somebody else.
#   fix: Install a sensor that fits, such as fail2ban, an agent of a detection product, or the
#     cloud’s own, and send its findings to people.
#   parameters:
#     required: true
package exhibit.monitoring.detections.sensor_at_work

import data.exhibit.lib.age

# Direct on A.8.16: a sensor that watches for what should not happen is the monitoring itself,
# observed at work; whether it sees enough is for people.

default verdict := "error"

default message := "whether a sensor is at work could not be determined"

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

message := "no sensor is required here, by the rule pack" if verdict == "not_applicable"

message := "a sensor is at work" if verdict == "pass"

message := "no sensor is at work" if verdict == "fail"

not_applicable if {
	input.parameters.required == false
	is_array(input.body.sensors)
	count(working) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sensors)
	count(working) > 0
}

items contains {"id": id, "why": why} if {
	input.parameters.required == true
	is_array(input.body.sensors)
	count(input.body.sensors) == 0
	id := "sensors"
	why := "no sensor is known"
}

items contains {"id": id, "why": why} if {
	none_works
	some sensor in input.body.sensors
	sensor.active == false
	id := sensor.name
	why := "is installed and does not run"
}

items contains {"id": id, "why": why} if {
	none_works
	some sensor in input.body.sensors
	silent(sensor)
	id := sensor.name
	why := "runs by schedule if at all, and left no record within the window"
}

working contains sensor.name if {
	is_array(input.body.sensors)
	some sensor in input.body.sensors
	sensor.active == true
}

working contains sensor.name if {
	is_array(input.body.sensors)
	some sensor in input.body.sensors
	sensor.active == null
	recent(sensor)
}

# Of each is known that it does not.
none_works if {
	input.parameters.required == true
	is_array(input.body.sensors)
	count(working) == 0
	every sensor in input.body.sensors {
		idle(sensor)
	}
}

idle(sensor) if sensor.active == false

idle(sensor) if silent(sensor)

# What runs by schedule shows by its records that it does.
silent(sensor) if {
	sensor.active == null
	sensor.readable == true
	sensor.last_event == null
}

silent(sensor) if {
	sensor.active == null
	sensor.readable == true
	age.days(sensor.last_event, input.now) > input.body.window_days + 1
}

recent(sensor) if age.days(sensor.last_event, input.now) <= input.body.window_days + 1
