# METADATA
# title: No account gains full control through a device or container group
# description: Groups that amount to full control without saying so (docker, disk, lxd and the like)
#   have no members.
# custom:
#   id: identity.privileged_grants.no_rights_by_side_door
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   - id: A.5.18
#     relation: context
#   severity: high
#   freshness: 48
#   why: Members of such groups become administrators without sudo, without a password and without a
#     log line.
#   fix: Take the accounts out of the group and grant the commands they need by sudo.
#   parameters:
#     exceptions: ["root"]
package exhibit.identity.privileged_grants.no_rights_by_side_door

default verdict := "error"

default message := "some grants, or the members of such a group, could not be read, so the list may be incomplete"

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

message := "no group carries such rights here" if verdict == "not_applicable"

message := "no account gains full control through a group" if verdict == "pass"

message := "memberships amount to full control" if verdict == "fail"

not_applicable if {
	is_array(input.body.mechanisms)
	input.body.complete == true
	not "group" in input.body.mechanisms
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.grants)
	every grant in doors {
		is_array(grant.members)
	}
}

items contains {"id": sprintf("%v via %v", [name, grant.principal.name]), "why": "membership of this group amounts to full control"} if {
	some grant in doors
	is_array(grant.members)
	some name in grant.members
	not name in input.parameters.exceptions
}

doors contains grant if {
	is_array(input.body.grants)
	some grant in input.body.grants
	grant.via == "group"
	grant.full == true
}
