# METADATA
# title: No unwanted software is installed
# description: None of the packages on the list of unwanted software is installed.
# custom:
#   id: software.inventory.no_unwanted_software
#   kind: software.inventory
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.8.18
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Tools that send passwords in clear or help an intruder to look around serve no purpose on
#     most systems.
#   fix: Remove the named packages, or take them off the list if this system needs them.
#   parameters:
#     unwanted: ["telnetd", "inetutils-telnetd", "rsh-server", "rsh-client", "rsh-redone-server", "nis", "ypserv", "talkd", "tftpd", "xinetd", "telnet-server", "tftp-server", "talk-server", "ypbind", "john", "hydra"]
package exhibit.software.inventory.no_unwanted_software

default verdict := "error"

default message := "the list of packages is missing or broken"

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

message := "no unwanted software is installed" if verdict == "pass"

message := "unwanted packages are installed" if verdict == "fail"

not_applicable if {
	is_array(input.body.packages)
	count(input.body.packages) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.packages)
	every item in input.body.packages {
		is_string(item.name)
	}
}

items contains {"id": item.name, "why": why} if {
	is_array(input.body.packages)
	some item in input.body.packages
	item.name in input.parameters.unwanted
	why := sprintf("version %v is installed and on the list of unwanted software", [item.version])
}
