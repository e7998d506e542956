# METADATA
# title: An audit trail of security events is recorded
# description: The audit trail is installed, records now and has rules in force.
# custom:
#   id: logging.sources.audit_trail_records
#   kind: logging.sources
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.8.16
#     relation: supporting
#   - id: A.5.28
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Only an audit trail tells who changed an account, a right or a record.
#   fix: Install auditd, put rules into /etc/audit/rules.d and load them (augenrules --load).
package exhibit.logging.sources.audit_trail_records

default verdict := "error"

default message := "the state of the audit trail could not be read; it needs CAP_AUDIT_CONTROL"

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

message := "this target can have no audit trail of its own" if verdict == "not_applicable"

message := "the audit trail records" if verdict == "pass"

message := "security events are not recorded in an audit trail" if verdict == "fail"

not_applicable if input.body.audit == null

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.audit.installed == true
	input.body.audit.recording == true
	input.body.audit.rules_loaded > 0
}

items contains {"id": input.body.audit.name, "why": "is not installed"} if {
	input.body.audit.installed == false
}

items contains {"id": input.body.audit.name, "why": "is installed and does not record"} if {
	input.body.audit.installed == true
	input.body.audit.recording == false
}

items contains {"id": input.body.audit.name, "why": "records with no rule in force"} if {
	input.body.audit.installed == true
	input.body.audit.recording == true
	input.body.audit.rules_loaded == 0
}
