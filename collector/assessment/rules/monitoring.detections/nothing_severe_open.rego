# METADATA
# title: No severe detection is open
# description: No detection that its sensor calls severe, by a word or by a level (of Wazuh and OSSEC), is
#   without a decision, and none of a sensor whose every find is severe.
# custom:
#   id: monitoring.detections.nothing_severe_open
#   kind: monitoring.detections
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.26
#     relation: supporting
#   severity: critical
#   freshness: 24
#   capture: true
#   why: What the sensor itself calls severe cannot wait for a weekly look.
#   fix: Treat it as an incident now, or close it with the reason.
#   parameters:
#     severe: ["critical", "high", "severe", "emergency", "alert"]
#     severe_level: 12
#     severe_sensors: ["clamav", "rkhunter"]
#   limits:
#     severe_level: [1, 15]
package exhibit.monitoring.detections.nothing_severe_open

import data.exhibit.lib.say

default verdict := "error"

default message := "not all detections could be read, or what became of a severe one is not recorded"

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

message := "nothing here detects" if verdict == "not_applicable"

message := "no severe detection is open" if verdict == "pass"

message := "severe detections are open" if verdict == "fail"

not_applicable if {
	is_array(input.body.sensors)
	is_array(input.body.detections)
	count(input.body.sensors) == 0
	count(input.body.detections) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sensors)
	is_array(input.body.detections)
	every detection in input.body.detections {
		decided(detection)
	}
	every sensor in input.body.sensors {
		sensor.readable == true
	}
	not input.capture.truncated == true
}

items contains {"id": id, "why": why} if {
	some detection in judged
	severe(detection)
	id := sprintf("%v %v", [
		say.field(detection, "sensor", "unknown"),
		say.field(detection, "rule", "unknown"),
	])
	why := sprintf("%d times, severity %v, last on %v", [
		say.field(detection, "count", "unknown"),
		say.field(detection, "severity", "unknown"),
		say.field(detection, "last_seen", "unknown"),
	])
}

decided(detection) if detection.state in ["open", "acted", "closed"]

# Where nobody records what becomes of it, a mild one may rest.
decided(detection) if {
	detection.state == "unknown"
	not severe(detection)
}

severe(detection) if lower(detection.severity) in input.parameters.severe

severe(detection) if {
	regex.match("^[0-9]{1,3}$", detection.severity)
	to_number(detection.severity) >= input.parameters.severe_level
}

severe(detection) if detection.sensor in input.parameters.severe_sensors

judged contains detection if {
	is_array(input.body.detections)
	some detection in input.body.detections
	detection.state == "open"
}
