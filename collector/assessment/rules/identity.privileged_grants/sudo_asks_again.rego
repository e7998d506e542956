# METADATA
# title: Sudo asks again after a while
# description: No setting of sudo lets one authentication count for longer than the limit; what
#   is not set has a default of fifteen minutes or less.
# custom:
#   id: identity.privileged_grants.sudo_asks_again
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.5
#     relation: context
#   severity: low
#   freshness: 48
#   why: A terminal that somebody left still has full rights as long as nobody is asked again.
#   fix: Set Defaults timestamp_timeout=15 (minutes; 0 asks each time, -1 never again) with
#     visudo.
#   parameters:
#     max_minutes: 15
#   limits:
#     max_minutes: [0, 1440]
package exhibit.identity.privileged_grants.sudo_asks_again

default verdict := "error"

default message := "the settings of sudo could not be read whole, or a time is no number"

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

message := "sudo asks again after a while" if verdict == "pass"

message := "sudo asks again too late, or never" if verdict == "fail"

not_applicable if {
	is_array(input.body.mechanisms)
	input.body.complete == true
	not "sudo" in input.body.mechanisms
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.settings)
	every setting in times {
		is_number(to_number(setting.value))
	}
}

items contains {"id": sprintf("timestamp_timeout=%v", [setting.value]), "why": why} if {
	some setting in times
	to_number(setting.value) > input.parameters.max_minutes
	why := sprintf("one authentication counts for longer than %v minutes (%v)", [input.parameters.max_minutes, setting.source])
}

items contains {"id": sprintf("timestamp_timeout=%v", [setting.value]), "why": why} if {
	some setting in times
	to_number(setting.value) < 0
	why := sprintf("one authentication counts until the next start (%v)", [setting.source])
}

times contains setting if {
	is_array(input.body.settings)
	some setting in input.body.settings
	setting.name == "timestamp_timeout"
}
