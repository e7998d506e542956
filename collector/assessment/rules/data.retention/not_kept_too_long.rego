# METADATA
# title: Data is not kept longer than the limit
# description: No rule of retention keeps its data longer than the limit.
# custom:
#   id: data.retention.not_kept_too_long
#   kind: data.retention
#   controls:
#   - id: A.8.10
#     relation: supporting
#   - id: A.5.34
#     relation: context
#   - id: A.5.33
#     relation: context
#   severity: low
#   freshness: 168
#   why: The longer records with names stay, the more is lost with them.
#   fix: Shorten the rule, or raise max_days where a law demands more and write down which.
#   parameters:
#     max_days: 1100
#   limits:
#     max_days: [1, 36500]
package exhibit.data.retention.not_kept_too_long

import data.exhibit.lib.say

default verdict := "error"

default message := "the rules of retention could not be read"

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

message := "no rule here names a time" if verdict == "not_applicable"

message := "no rule keeps data longer than the limit" if verdict == "pass"

message := "rules keep data longer than the limit" if verdict == "fail"

not_applicable if {
	is_array(input.body.rules)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.rules)
	every rule in judged {
		is_number(rule.keep_days)
	}
}

items contains {"id": id, "why": why} if {
	some rule in judged
	is_number(rule.keep_days)
	rule.keep_days > input.parameters.max_days
	id := rule.data
	why := sprintf("is kept %d days (%v)", [
		say.field(rule, "keep_days", "unknown"),
		say.field(rule, "source", "unknown"),
	])
}

judged contains rule if {
	is_array(input.body.rules)
	some rule in input.body.rules
	rule.keep_days != null
}
