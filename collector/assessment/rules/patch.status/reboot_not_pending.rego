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

default message := "whether a restart is needed could not be determined (body.reboot_required is null or absent)"

verdict := "pass" if input.body.reboot_required == false

verdict := "fail" if input.body.reboot_required == true

message := "no restart is pending" if verdict == "pass"

message := "a restart is needed for installed updates to take effect" if verdict == "fail"

items contains {"id": name, "why": "was updated and runs in its old version until a restart"} if {
	verdict == "fail"
	some name in input.body.reboot_packages
}

items contains {"id": "restart", "why": "the system asks for a restart"} if {
	verdict == "fail"
	count(input.body.reboot_packages) == 0
}
