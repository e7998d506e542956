# METADATA
# title: No severe detection is open
# description: No detection of a severe kind is without a decision.
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
#   why: What the sensor itself calls severe cannot wait for a weekly look.
#   fix: Treat it as an incident now, or close it with the reason.
#   parameters:
#     severe: ["critical", "high", "severe", "emergency", "alert"]
package exhibit.monitoring.detections.nothing_severe_open

import data.exhibit.lib.say

default verdict := "error"

default message := "the detections could not be read"

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
		detection.state in ["open", "acted", "closed", "unknown"]
	}
}

items contains {"id": id, "why": why} if {
	some detection in judged
	lower(detection.severity) in input.parameters.severe
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

judged contains detection if {
	is_array(input.body.detections)
	some detection in input.body.detections
	detection.state == "open"
}
