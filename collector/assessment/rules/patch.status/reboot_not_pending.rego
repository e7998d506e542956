# METADATA
# title: No restart is waiting for updates to take effect
# description: The system does not ask for a restart after updates were installed.
# custom:
#   id: patch.status.reboot_not_pending
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: An updated library or kernel protects nobody until what runs is the new version.
#   fix: Restart the system in the next maintenance window, or let unattended-upgrades do it.
package exhibit.patch.status.reboot_not_pending

default verdict := "error"

default message := "whether a restart is needed could not be determined"

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

message := "restarts happen outside this system: it is a managed service, or its kernel belongs to the machine around it" if verdict == "not_applicable"

message := "no restart is pending" if verdict == "pass"

message := "a restart is needed for installed updates to take effect" if verdict == "fail"

not_applicable if input.body.kernel == null

not_applicable if {
	input.body.reboot_required == null
	input.body.kernel.newest_installed == null
}

# What must be known before the absence of offending items means anything.
judgeable if input.body.reboot_required == false

items contains {"id": name, "why": "was updated and still runs in its old version"} if {
	input.body.reboot_required == true
	is_array(input.body.reboot_packages)
	some name in input.body.reboot_packages
}

items contains {"id": "restart", "why": "the system asks for a restart"} if {
	input.body.reboot_required == true
	count(input.body.reboot_packages) == 0
}
