# METADATA
# title: Use of administrative rights is recorded
# description: At least one place records each use of administrative rights.
# custom:
#   id: logging.sources.privilege_use_recorded
#   kind: logging.sources
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Rights that leave no trace cannot be reviewed.
#   fix: Leave sudo's syslog on, or set Defaults logfile=/var/log/sudo.log.
package exhibit.logging.sources.privilege_use_recorded

default verdict := "error"

default message := "where use of administrative rights is recorded could not be determined"

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

message := "use of administrative rights is recorded" if verdict == "pass"

message := "use of administrative rights is not recorded" if verdict == "fail"

not_applicable if {
	is_array(input.body.recorders)
	count(input.body.recorders) == 0
	input.body.audit == null
}

# What must be known before the absence of offending items means anything.
judgeable if count(input.body.privilege_use) > 0

items contains {"id": "privilege_use", "why": "use of administrative rights is recorded nowhere"} if {
	is_array(input.body.privilege_use)
	count(input.body.privilege_use) == 0
}
