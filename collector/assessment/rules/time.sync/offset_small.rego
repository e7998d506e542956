# METADATA
# title: The clock is close to its reference
# description: The distance from the reference is within the limit.
# custom:
#   id: time.sync.offset_small
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: medium
#   freshness: 24
#   why: Seconds of difference make a story of events unreadable and break sign-in by ticket or
#     code.
#   fix: Look at chronyc tracking or timedatectl timesync-status, and mend the network path to the
#     server.
#   parameters:
#     max_ms: 1000
#   limits:
#     max_ms: [1, 60000]
package exhibit.time.sync.offset_small

default verdict := "error"

default message := "the distance from the reference could not be determined"

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

message := "the clock has no reference of its own to be compared with" if verdict == "not_applicable"

message := "the clock is close to its reference" if verdict == "pass"

message := "the clock is far from its reference" if verdict == "fail"

not_applicable if input.body.kept_by_host == true

not_applicable if input.body.synchronised == false

# What must be known before the absence of offending items means anything.
judgeable if is_number(input.body.offset_ms)

items contains {"id": "clock", "why": why} if {
	is_number(input.body.offset_ms)
	abs(input.body.offset_ms) > input.parameters.max_ms
	why := sprintf("is %d ms away from its reference", [input.body.offset_ms])
}
