# METADATA
# title: Protection that is installed on devices runs
# description: Every program of protection against malware and intruders that a device has runs.
# custom:
#   id: asset.endpoint_posture.protection_runs
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.8.7
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Protection that was stopped looks installed in every list.
#   fix: Start the named program, and find out who or what stopped it.
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.protection_runs

default verdict := "error"

default message := "whether some protection runs could not be determined"

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

message := "no program of protection is known on a device here" if verdict == "not_applicable"

message := "every program of protection runs" if verdict == "pass"

message := "programs of protection do not run" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	every device in judged {
		is_array(device.protection)
		count(device.protection) == 0
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		is_array(device.protection)
		every program in device.protection {
			is_boolean(program.active)
		}
	}
}

items contains {"id": sprintf("%v: %v", [device.name, program.name]), "why": "does not run"} if {
	some device in judged
	is_array(device.protection)
	some program in device.protection
	program.active == false
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
