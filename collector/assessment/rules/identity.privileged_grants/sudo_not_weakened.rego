# METADATA
# title: The settings of sudo are not weakened
# description: No setting of sudo switches off authentication, the clean environment, the own terminal
#   or the records, or lets one authentication count everywhere.
# custom:
#   id: identity.privileged_grants.sudo_not_weakened
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Each of these settings lets a program slip something into a command that runs with full
#     rights.
#   fix: Remove the named Defaults line.
#   parameters:
#     weak: {"authenticate": "false", "env_reset": "false", "use_pty": "false", "visiblepw": "true", "syslog": "false", "timestamp_type": "global", "runas_allow_unknown_id": "true"}
package exhibit.identity.privileged_grants.sudo_not_weakened

default verdict := "error"

default message := "the settings of sudo could not be read whole"

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

message := "sudo is not in use here" if verdict == "not_applicable"

message := "no setting weakens sudo" if verdict == "pass"

message := "settings weaken sudo" if verdict == "fail"

not_applicable if {
	is_array(input.body.mechanisms)
	input.body.complete == true
	not "sudo" in input.body.mechanisms
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.settings)
}

items contains {"id": sprintf("%v=%v", [setting.name, setting.value]), "why": why} if {
	is_array(input.body.settings)
	some setting in input.body.settings
	input.parameters.weak[setting.name] == setting.value
	why := sprintf("weakens sudo (%v)", [setting.source])
}
