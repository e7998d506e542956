# METADATA
# title: Administrative rights are given to groups
# description: Full rights are granted to groups or roles; no single person is named.
# custom:
#   id: identity.privileged_grants.rights_come_by_group
#   kind: identity.privileged_grants
#   controls:
#   - id: A.5.18
#     relation: supporting
#   - id: A.8.2
#     relation: context
#   severity: low
#   freshness: 168
#   why: A right tied to a name stays when the person changes role; a group is reviewed and emptied.
#   fix: Put the person into the administrators' group and delete the line that names the account.
#   parameters:
#     exceptions: ["root"]
package exhibit.identity.privileged_grants.rights_come_by_group

default verdict := "error"

default message := "some grants could not be read, so the list may be incomplete"

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

message := "sudo is not in use here" if verdict == "not_applicable"

message := "full rights come by group or role" if verdict == "pass"

message := "grants name single accounts" if verdict == "fail"

not_applicable if {
	is_array(input.body.mechanisms)
	input.body.complete == true
	not "sudo" in input.body.mechanisms
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.grants)
}

items contains {"id": grant.id, "why": why} if {
	is_array(input.body.grants)
	some grant in input.body.grants
	grant.via == "sudo"
	grant.full == true
	grant.principal.type == "account"
	not grant.principal.name in input.parameters.exceptions
	why := sprintf("names the account %v itself (%v)", [grant.principal.name, grant.source])
}
