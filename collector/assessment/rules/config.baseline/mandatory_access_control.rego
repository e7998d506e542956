# METADATA
# title: Mandatory access control is enforced
# description: AppArmor, SELinux or another confining security module is in force and enforces; of
#   AppArmor at least one profile.
# custom:
#   id: config.baseline.mandatory_access_control
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.3
#     relation: context
#   severity: medium
#   freshness: 168
#   why: It keeps a broken service inside its own files when everything else has failed.
#   fix: On Debian and Ubuntu install apparmor and apparmor-profiles, and start without apparmor=0; on
#     RHEL set SELINUX=enforcing in /etc/selinux/config and restart.
#   parameters:
#     confining: ["apparmor", "selinux", "smack", "tomoyo"]
package exhibit.config.baseline.mandatory_access_control

default verdict := "error"

default message := "the security modules in force, their mode, or how many profiles they enforce could not be read"

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

message := "confinement is a matter of the machine around this one" if verdict == "not_applicable"

message := "mandatory access control is enforced" if verdict == "pass"

message := "mandatory access control is not enforced" if verdict == "fail"

not_applicable if {
	input.body.modules == null
	input.body.security_modules == null
}

# What must be known before the absence of offending items means anything.
judgeable if count(enforcing) > 0

items contains {"id": item.name, "why": why} if {
	count(enforcing) == 0
	is_array(input.body.security_modules)
	some item in input.body.security_modules
	item.name in input.parameters.confining
	item.mode in {"permissive", "none", "disabled"}
	why := sprintf("is in mode %v", [item.mode])
}

items contains {"id": item.name, "why": "is on and enforces no profile"} if {
	count(enforcing) == 0
	is_array(input.body.security_modules)
	some item in input.body.security_modules
	item.name in input.parameters.confining
	item.enforced == 0
	item.mode == "enabled"
}

items contains {"id": "security_modules", "why": "no confining security module is in force"} if {
	is_array(input.body.security_modules)
	names := {item.name | some item in input.body.security_modules}
	every name in input.parameters.confining {
		not name in names
	}
}

enforcing contains item.name if {
	is_array(input.body.security_modules)
	some item in input.body.security_modules
	item.name in input.parameters.confining
	enforces(item)
}

enforces(item) if item.mode == "enforcing"

# Switched on says little of a module that confines by profiles: without one it confines nothing.
enforces(item) if {
	item.mode == "enabled"
	item.enforced > 0
}
