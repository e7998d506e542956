# METADATA
# title: The clock follows a reference
# description: The kernel reports a synchronised clock.
# custom:
#   id: time.sync.clock_synchronised
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: direct
#   - id: A.8.15
#     relation: context
#   severity: high
#   freshness: 24
#   why: Without a common time, records of several machines cannot be put in order.
#   fix: Install and enable chrony or systemd-timesyncd and let it reach a time server.
package exhibit.time.sync.clock_synchronised

# Direct on A.8.17: the control is that clocks are synchronised, and this observes it.

default verdict := "error"

default message := "whether the clock is synchronised could not be determined"

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

message := "the clock is kept by the machine around this one" if verdict == "not_applicable"

message := "the clock is synchronised" if verdict == "pass"

message := "the clock is not synchronised" if verdict == "fail"

not_applicable if input.body.kept_by_host == true

# What must be known before the absence of offending items means anything.
judgeable if input.body.synchronised == true

items contains {"id": "clock", "why": "does not follow any reference now"} if {
	input.body.synchronised == false
}
