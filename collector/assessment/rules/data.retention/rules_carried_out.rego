# METADATA
# title: Rules of retention are carried out
# description: What carries a rule of retention out is installed and started by itself; what is
#   not installed and makes the data itself is left out.
# custom:
#   id: data.retention.rules_carried_out
#   kind: data.retention
#   controls:
#   - id: A.8.10
#     relation: supporting
#   - id: A.5.33
#     relation: supporting
#   - id: A.5.34
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A rule that nothing carries out keeps data for ever and still looks well on paper.
#   fix: Install what carries the rule out and enable its timer or cron job.
#   parameters:
#     makes_its_data: ["systemd-coredump", "journald"]
package exhibit.data.retention.rules_carried_out

default verdict := "error"

default message := "whether a rule of retention is carried out could not be determined"

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

message := "no rule of retention is known here" if verdict == "not_applicable"

message := "every rule of retention is carried out" if verdict == "pass"

message := "rules of retention are not carried out" if verdict == "fail"

not_applicable if {
	is_array(input.body.rules)
	count(input.body.rules) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.rules)
	every rule in input.body.rules {
		is_array(input.body.mechanisms)
		some mechanism in input.body.mechanisms
		mechanism.name == rule.mechanism
		carried_out(mechanism)
	}
}

items contains {"id": id, "why": why} if {
	some mechanism in used
	mechanism.installed == false
	not mechanism.name in input.parameters.makes_its_data
	id := mechanism.name
	why := "has rules and is not installed"
}

items contains {"id": id, "why": why} if {
	some mechanism in used
	mechanism.installed == true
	mechanism.scheduled == false
	id := mechanism.name
	why := "has rules and nothing starts it"
}

used contains mechanism if {
	is_array(input.body.mechanisms)
	some mechanism in input.body.mechanisms
	is_array(input.body.rules)
	some rule in input.body.rules
	rule.mechanism == mechanism.name
}

carried_out(mechanism) if {
	mechanism.installed == true
	mechanism.scheduled == true
}

# Without it there is none of its data.
carried_out(mechanism) if {
	mechanism.installed == false
	mechanism.name in input.parameters.makes_its_data
}
