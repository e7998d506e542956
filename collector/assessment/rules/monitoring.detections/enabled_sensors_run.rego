# METADATA
# title: Sensors that should run do
# description: Every sensor that starts with the system runs now.
# custom:
#   id: monitoring.detections.enabled_sensors_run
#   kind: monitoring.detections
#   controls:
#   - id: A.8.16
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: A sensor that died, or was stopped by whom it would have seen, is silent like one that
#     sees nothing.
#   fix: Start the sensor, and find out who or what stopped it.
package exhibit.monitoring.detections.enabled_sensors_run

default verdict := "error"

default message := "whether a sensor runs could not be determined"

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

message := "no sensor starts with the system here" if verdict == "not_applicable"

message := "every sensor that should run does" if verdict == "pass"

message := "sensors that should run do not" if verdict == "fail"

not_applicable if {
	is_array(input.body.sensors)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sensors)
	every sensor in judged {
		is_boolean(sensor.active)
	}
}

items contains {"id": id, "why": why} if {
	some sensor in judged
	sensor.active == false
	id := sensor.name
	why := "starts with the system and does not run"
}

judged contains sensor if {
	is_array(input.body.sensors)
	some sensor in input.body.sensors
	sensor.enabled == true
}
