# METADATA
# title: Memory is not exhausted
# description: Less main memory is in use than the limit.
# custom:
#   id: capacity.metrics.memory_free
#   kind: capacity.metrics
#   controls:
#   - id: A.8.6
#     relation: supporting
#   severity: medium
#   freshness: 6
#   why: When memory runs out, the kernel ends a program of its own choice.
#   fix: Find the program that grows, or give the machine more memory.
#   parameters:
#     max_percent: 95
#   limits:
#     max_percent: [1, 99]
package exhibit.capacity.metrics.memory_free

default verdict := "error"

default message := "the use of memory could not be determined"

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

message := "this target has no memory of its own" if verdict == "not_applicable"

message := "memory is not exhausted" if verdict == "pass"

message := "memory is nearly exhausted" if verdict == "fail"

not_applicable if {
	input.body.cpus == null
	input.body.memory == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_number(input.body.memory.used_percent)

items contains {"id": "memory", "why": why} if {
	is_number(input.body.memory.used_percent)
	input.body.memory.used_percent > input.parameters.max_percent
	why := sprintf("%d percent are in use", [input.body.memory.used_percent])
}
