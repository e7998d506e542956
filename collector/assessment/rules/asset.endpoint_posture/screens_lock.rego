# METADATA
# title: Screens lock themselves
# description: Every graphical session of a device locks its screen soon after nobody is there.
# custom:
#   id: asset.endpoint_posture.screens_lock
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.7.7
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   - id: A.8.5
#     relation: context
#   severity: medium
#   freshness: 48
#   why: A screen that stays open is an account for whoever passes by.
#   fix: Set the idle time and the lock for everybody, and lock both settings.
#   parameters:
#     max_seconds: 900
#     exceptions: []
package exhibit.asset.endpoint_posture.screens_lock

default verdict := "error"

default message := "when screens lock could not be determined"

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

message := "no device is here" if verdict == "not_applicable"

message := "every screen locks in time" if verdict == "pass"

message := "screens do not lock in time" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		is_array(device.screen_locks)
		every lock in device.screen_locks {
			lock.enabled == true
			is_number(lock.after_seconds)
		}
	}
}

items contains {"id": id, "why": "does not lock when nobody is there"} if {
	some [device, lock] in locks
	lock.enabled == false
	id := sprintf("%v: %v", [device.name, lock.session])
}

items contains {"id": id, "why": why} if {
	some [device, lock] in locks
	is_number(lock.after_seconds)
	lock.after_seconds > input.parameters.max_seconds
	id := sprintf("%v: %v", [device.name, lock.session])
	why := sprintf("locks after %v seconds", [lock.after_seconds])
}

locks contains [device, lock] if {
	some device in judged
	is_array(device.screen_locks)
	some lock in device.screen_locks
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
