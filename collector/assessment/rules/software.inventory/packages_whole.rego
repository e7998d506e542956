# METADATA
# title: No package is half installed
# description: Every package is unpacked and configured.
# custom:
#   id: software.inventory.packages_whole
#   kind: software.inventory
#   controls:
#   - id: A.8.19
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A half-installed package may run old code with new files, and it blocks later security
#     updates.
#   fix: Finish the installation (dpkg --configure -a, apt-get -f install) or remove the package.
package exhibit.software.inventory.packages_whole

default verdict := "error"

default message := "the list of packages is missing or a package has no state"

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

message := "every package is whole" if verdict == "pass"

message := "packages are half installed" if verdict == "fail"

not_applicable if {
	is_array(input.body.packages)
	count(input.body.packages) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.packages)
	every item in input.body.packages {
		item.state in {"installed", "broken"}
	}
}

items contains {"id": item.name, "why": "its installation stopped half-way"} if {
	is_array(input.body.packages)
	some item in input.body.packages
	item.state == "broken"
}
