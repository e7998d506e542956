# METADATA
# title: Detections are dealt with in time
# description: No detection stays open longer than the limit; where a sensor writes levels (Wazuh, OSSEC),
#   those below the given one are records, and no detections.
# custom:
#   id: monitoring.detections.detections_handled
#   kind: monitoring.detections
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.25
#     relation: supporting
#   - id: A.5.26
#     relation: supporting
#   severity: high
#   freshness: 48
#   clock: true
#   capture: true
#   why: A detection that nobody looks at is worth nothing.
#   fix: Close each with the reason, or open an incident.
#   parameters:
#     max_days: 7
#     min_level: 7
#   limits:
#     max_days: [0, 366]
#     min_level: [0, 15]
package exhibit.monitoring.detections.detections_handled

import data.exhibit.lib.age
import data.exhibit.lib.say

default verdict := "error"

default message := "not all detections could be read, or what became of one is not recorded, or since when one is open, or that lies in the future"

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

message := "no detection stays open for long" if verdict == "pass"

message := "detections stay open" if verdict == "fail"

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
		detection.state in ["open", "acted", "closed"]
	}
	every sensor in input.body.sensors {
		sensor.readable == true
	}
	not input.capture.truncated == true
	every detection in judged {
		age.days(since(detection), input.now) <= input.parameters.max_days
	}
}

items contains {"id": id, "why": why} if {
	some detection in judged
	days := age.days(since(detection), input.now)
	days > input.parameters.max_days
	id := sprintf("%v %v", [
		say.field(detection, "sensor", "unknown"),
		say.field(detection, "rule", "unknown"),
	])
	why := sprintf("%d times, open for %d days", [
		say.field(detection, "count", "unknown"),
		floor(days),
	])
}

judged contains detection if {
	is_array(input.body.detections)
	some detection in input.body.detections
	detection.state == "open"
	not mild(detection)
}

mild(detection) if {
	regex.match("^[0-9]{1,3}$", detection.severity)
	to_number(detection.severity) < input.parameters.min_level
}

since(detection) := detection.first_seen if is_string(detection.first_seen)

since(detection) := detection.last_seen if {
	detection.first_seen == null
	is_string(detection.last_seen)
}
