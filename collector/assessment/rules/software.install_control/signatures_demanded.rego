# METADATA
# title: Package managers demand signatures
# description: Every package manager demands signatures, and no setting weakens that.
# custom:
#   id: software.install_control.signatures_demanded
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: direct
#   - id: A.8.7
#     relation: supporting
#   - id: A.5.21
#     relation: context
#   severity: high
#   freshness: 168
#   why: An unsigned package is whatever somebody on the way made of it.
#   fix: Remove the setting that is named, and have the software signed by a key of your own where
#     it is made here.
package exhibit.software.install_control.signatures_demanded

# Direct on A.8.19: the refusal of software that nobody signed is control over installation
# itself, observed at the manager that enforces it.

default verdict := "error"

default message := "whether a package manager demands signatures could not be determined"

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

message := "no package manager is known here" if verdict == "not_applicable"

message := "every package manager demands signatures" if verdict == "pass"

message := "package managers do not always demand signatures" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	count(input.body.managers) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.managers)
	every manager in input.body.managers {
		manager.signature_required == true
		is_array(manager.weakened_by)
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	manager.signature_required == false
	id := manager.name
	why := "does not demand signatures"
}

items contains {"id": id, "why": why} if {
	is_array(input.body.managers)
	some manager in input.body.managers
	is_array(manager.weakened_by)
	some setting in manager.weakened_by
	id := manager.name
	why := sprintf("is weakened by %v", [setting])
}
