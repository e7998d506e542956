# METADATA
# title: Files that hold secrets are closed
# description: What governs access or holds secrets may not be changed by everybody, and what
#   holds secrets may not be read by everybody.
# custom:
#   id: access.resource_permissions.sensitive_files_closed
#   kind: access.resource_permissions
#   controls:
#   - id: A.8.3
#     relation: direct
#   - id: A.5.15
#     relation: supporting
#   - id: A.5.33
#     relation: supporting
#   severity: critical
#   freshness: 168
#   why: Password hashes and private keys are worth as much as the accounts that they open.
#   fix: Restore owner and mode that the package delivers, for /etc/shadow mode 0640 and group
#     shadow (on RHEL mode 0000), and change the secrets that lay open.
#   parameters:
#     may_be_read: ["/etc/passwd", "/etc/group", "/etc/ssh/sshd_config", "/etc/crontab", "/etc/cron.d", "/etc/cron.allow", "/etc/at.allow", "/etc/systemd/system", "/etc/ld.so.preload", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/var/log"]
#     exceptions: []
package exhibit.access.resource_permissions.sensitive_files_closed

import data.exhibit.lib.say

# Direct on A.8.3: whether everybody reads what holds secrets is the restriction of access itself,
# seen at the place where it works.

default verdict := "error"

default message := "not every place could be looked through to its end, so what is not listed is not known"

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

message := "no sensitive file is known here" if verdict == "not_applicable"

message := "no sensitive file is open to everybody" if verdict == "pass"

message := "sensitive files are open to everybody" if verdict == "fail"

not_applicable if {
	is_array(input.body.resources)
	input.body.complete == true
	count(sensitive) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.resources)
	input.body.complete == true
}

items contains {"id": id, "why": why} if {
	some resource in sensitive
	"write" in resource.anyone
	id := resource.id
	why := sprintf("may be changed by everybody, mode %v", [say.field(resource, "mode", "unknown")])
}

items contains {"id": id, "why": why} if {
	some resource in sensitive
	"read" in resource.anyone
	not "write" in resource.anyone
	not resource.id in input.parameters.may_be_read
	id := resource.id
	why := sprintf("may be read by everybody, mode %v", [say.field(resource, "mode", "unknown")])
}

sensitive contains resource if {
	is_array(input.body.resources)
	some resource in input.body.resources
	"sensitive" in resource.findings
	not resource.id in input.parameters.exceptions
}
