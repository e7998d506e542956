# METADATA
# title: No package is held back from updates
# description: No package is excluded from updates by hand.
# custom:
#   id: software.inventory.packages_not_held
#   kind: software.inventory
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A held package receives no security fixes, and the reason for the hold is soon forgotten.
#   fix: Release the hold (apt-mark unhold, on RHEL dnf versionlock delete) or record why it must stay
#     and until when.
package exhibit.software.inventory.packages_not_held

default verdict := "error"

default message := "the list of packages is missing or does not say what is held"

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

message := "no package is installed" if verdict == "not_applicable"

message := "no package is held back" if verdict == "pass"

message := "packages are held back" if verdict == "fail"

not_applicable if {
	is_array(input.body.packages)
	count(input.body.packages) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.packages)
	every item in input.body.packages {
		is_boolean(item.held)
	}
}

items contains {"id": item.name, "why": why} if {
	is_array(input.body.packages)
	some item in input.body.packages
	item.held == true
	why := sprintf("is held at version %v", [item.version])
}
