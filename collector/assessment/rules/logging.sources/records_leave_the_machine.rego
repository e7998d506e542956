# METADATA
# title: Records are copied to another machine
# description: At least one recorder sends its records elsewhere.
# custom:
#   id: logging.sources.records_leave_the_machine
#   kind: logging.sources
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.28
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Whoever takes over a machine rewrites its records; a copy elsewhere stays.
#   fix: Forward by rsyslog over TLS or by systemd-journal-upload to a log server.
package exhibit.logging.sources.records_leave_the_machine

default verdict := "error"

default message := "where records are sent could not be determined"

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

message := "what happens here is recorded by the machine or service around it" if verdict == "not_applicable"

message := "records are sent elsewhere" if verdict == "pass"

message := "records are not copied to another machine" if verdict == "fail"

not_applicable if {
	is_array(input.body.recorders)
	count(input.body.recorders) == 0
	input.body.audit == null
}

# What must be known before the absence of offending items means anything.
judgeable if count(input.body.forwards) > 0

items contains {"id": "forwards", "why": "records stay on this machine only"} if {
	is_array(input.body.forwards)
	count(input.body.forwards) == 0
}
