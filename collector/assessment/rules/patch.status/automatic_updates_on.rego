# METADATA
# title: Automatic updates are switched on
# description: A mechanism that installs security updates by itself is installed, configured and
#   enabled.
# custom:
#   id: patch.status.automatic_updates_on
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: People forget and go on holiday; a timer does not.
#   fix: Install and enable unattended-upgrades (on RHEL dnf-automatic with apply_updates = yes and its
#     timer), or name the tool that patches this system instead in a waiver.
package exhibit.patch.status.automatic_updates_on

default verdict := "error"

default message := "whether automatic updates are switched on could not be determined"

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

message := "the system does not update itself: it is a managed service or has no package manager" if verdict == "not_applicable"

message := "automatic updates are switched on" if verdict == "pass"

message := "automatic updates are off" if verdict == "fail"

not_applicable if input.body.counts.installed == 0

not_applicable if input.body.kernel == null

# What must be known before the absence of offending items means anything.
judgeable if input.body.automatic_updates.enabled == true

items contains {"id": "automatic_updates", "why": "no mechanism for automatic updates is installed"} if {
	input.body.automatic_updates.installed == false
}

items contains {"id": mechanism, "why": "is installed and switched off"} if {
	input.body.automatic_updates.installed == true
	input.body.automatic_updates.enabled == false
	mechanism := input.body.automatic_updates.mechanism
}
