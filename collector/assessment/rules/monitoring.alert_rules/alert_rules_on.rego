# METADATA
# title: Alert rules are switched on
# description: No alert rule is switched off, named ones excepted.
# custom:
#   id: monitoring.alert_rules.alert_rules_on
#   kind: monitoring.alert_rules
#   controls:
#   - id: A.8.16
#     relation: supporting
#   - id: A.8.6
#     relation: context
#   severity: low
#   freshness: 168
#   why: A rule is switched off for one night and stays so for years.
#   fix: Switch it on again, or delete it, or name it as an exception with the reason.
#   parameters:
#     exceptions: []
package exhibit.monitoring.alert_rules.alert_rules_on

import data.exhibit.lib.say

default verdict := "error"

default message := "the alert rules could not be read"

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

message := "no alert rule is known here" if verdict == "not_applicable"

message := "every alert rule is switched on" if verdict == "pass"

message := "alert rules are switched off" if verdict == "fail"

not_applicable if {
	is_array(input.body.rules)
	count(input.body.rules) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.rules)
	every rule in input.body.rules {
		is_boolean(rule.enabled)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.rules)
	some rule in input.body.rules
	rule.enabled == false
	not rule.name in input.parameters.exceptions
	id := rule.name
	why := sprintf("is switched off (%v)", [say.field(rule, "source", "unknown")])
}
