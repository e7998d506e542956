# METADATA
# title: Screens lock themselves
# description: Every graphical session of a device locks its screen soon after nobody is there; where the
#   rule pack asks for it, also so that the person at the device cannot change it.
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
#   fix: Set the idle time and the lock for everybody (for GNOME idle-delay and lock-enabled in
#     /etc/dconf/db/local.d), lock both settings in its locks folder, and run dconf update.
#   parameters:
#     max_seconds: 900
#     must_be_fixed: false
#     exceptions: []
#   limits:
#     max_seconds: [1, 86400]
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

message := "no device with a screen to lock is here" if verdict == "not_applicable"

message := "every screen locks in time" if verdict == "pass"

message := "screens do not lock in time" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(locks) == 0
	every device in judged {
		is_array(device.screen_locks)
	}
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

items contains {"id": id, "why": "locks, and the person at the device can change that"} if {
	input.parameters.must_be_fixed == true
	some [device, lock] in locks
	lock.enabled == true
	lock.enforced == false
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
