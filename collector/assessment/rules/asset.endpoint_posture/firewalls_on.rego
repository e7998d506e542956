# METADATA
# title: Devices filter what comes in
# description: Every device has a packet filter that is switched on.
# custom:
#   id: asset.endpoint_posture.firewalls_on
#   kind: asset.endpoint_posture
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.1
#     relation: supporting
#   - id: A.6.7
#     relation: context
#   severity: medium
#   freshness: 48
#   why: A device that is carried is on networks of others every day, and there nobody filters for
#     it.
#   fix: Switch the filter on (ufw enable; on RHEL systemctl enable --now firewalld).
#   parameters:
#     exceptions: []
package exhibit.asset.endpoint_posture.firewalls_on

default verdict := "error"

default message := "whether a packet filter is switched on could not be determined"

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

message := "no device is judged here" if verdict == "not_applicable"

message := "every device filters what comes in" if verdict == "pass"

message := "devices do not filter what comes in" if verdict == "fail"

not_applicable if {
	is_array(input.body.devices)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.devices)
	every device in judged {
		is_boolean(device.firewall)
	}
}

items contains {"id": device.name, "why": "its packet filter is off, or it has none"} if {
	some device in judged
	device.firewall == false
}

judged contains device if {
	is_array(input.body.devices)
	some device in input.body.devices
	not device.id in input.parameters.exceptions
}
