# METADATA
# title: Security records are kept long enough
# description: Every rule that removes security records by time keeps them for the least time.
#   Where a copy goes to another machine, that machine is judged instead.
# custom:
#   id: logging.protection.kept_long_enough
#   kind: logging.protection
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.5.28
#     relation: supporting
#   - id: A.5.33
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Intrusions are found after weeks or months; by then the first days are gone.
#   fix: Raise rotate in logrotate or MaxRetentionSec of the journal, or send the records to a
#     machine that keeps them.
#   parameters:
#     min_days: 90
#     stores: ["auth", "secure", "audit", "journal", "syslog", "messages"]
#   limits:
#     min_days: [1, 3660]
package exhibit.logging.protection.kept_long_enough

import data.exhibit.lib.say

default verdict := "error"

default message := "the rules that remove records could not be read"

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

message := "records are kept on another machine, or no rule here names a time for security records" if verdict == "not_applicable"

message := "security records are kept long enough" if verdict == "pass"

message := "security records are removed too early" if verdict == "fail"

not_applicable if {
	is_array(input.body.remote_copies)
	count(input.body.remote_copies) > 0
}

not_applicable if {
	is_array(input.body.retention)
	is_array(input.body.remote_copies)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.retention)
	is_array(input.body.remote_copies)
	every rule in judged {
		is_number(rule.keep_days)
	}
}

items contains {"id": id, "why": why} if {
	some rule in judged
	is_number(rule.keep_days)
	rule.keep_days < input.parameters.min_days
	id := rule.store
	why := sprintf("is kept %d days (%v), the least is %d", [
		say.field(rule, "keep_days", "unknown"),
		say.field(rule, "source", "unknown"),
		input.parameters.min_days,
	])
}

judged contains rule if {
	is_array(input.body.retention)
	some rule in input.body.retention
	rule.keep_days != null
	some part in input.parameters.stores
	contains(rule.store, part)
}
