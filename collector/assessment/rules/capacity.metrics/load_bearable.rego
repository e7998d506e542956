# METADATA
# title: The processors keep up with the load
# description: The load of fifteen minutes is not above the limit per processor.
# custom:
#   id: capacity.metrics.load_bearable
#   kind: capacity.metrics
#   controls:
#   - id: A.8.6
#     relation: context
#   severity: low
#   freshness: 6
#   why: A machine that is always behind answers late and hides attacks in the noise.
#   fix: Find what waits (uptime, vmstat), move work away, or add processors.
#   parameters:
#     max_x100_per_cpu: 200
#   limits:
#     max_x100_per_cpu: [1, 10000]
package exhibit.capacity.metrics.load_bearable

default verdict := "error"

default message := "the load could not be determined"

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

message := "this target has no processors of its own" if verdict == "not_applicable"

message := "the processors keep up" if verdict == "pass"

message := "the load is above the limit" if verdict == "fail"

not_applicable if {
	input.body.cpus == null
	input.body.load == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_number(input.body.load.fifteen_x100)
	is_number(input.body.cpus)
}

items contains {"id": "load", "why": why} if {
	is_number(input.body.load.fifteen_x100)
	is_number(input.body.cpus)
	input.body.load.fifteen_x100 > input.body.cpus * input.parameters.max_x100_per_cpu
	why := sprintf("is %v on %d processors", [input.body.load.fifteen_x100 / 100, input.body.cpus])
}
