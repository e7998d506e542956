# METADATA
# title: Records of sensors can be read
# description: The records of every sensor can be read, so that what it found is told.
# custom:
#   id: monitoring.detections.records_readable
#   kind: monitoring.detections
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.25
#     relation: context
#   severity: low
#   freshness: 168
#   why: Findings that cannot be read here are missing in every count.
#   fix: Give the agent the right to read the records that the run names, or take them from the
#     console of the product.
package exhibit.monitoring.detections.records_readable

default verdict := "error"

default message := "whether records can be read could not be determined"

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

message := "no sensor is known here" if verdict == "not_applicable"

message := "the records of every sensor can be read" if verdict == "pass"

message := "records of sensors cannot be read" if verdict == "fail"

not_applicable if {
	is_array(input.body.sensors)
	count(input.body.sensors) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sensors)
	every sensor in input.body.sensors {
		is_boolean(sensor.readable)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.sensors)
	some sensor in input.body.sensors
	sensor.readable == false
	id := sensor.name
	why := "its records cannot be read"
}
