# METADATA
# title: Using administrative rights asks for authentication
# description: No grant lets somebody act with administrative rights without authenticating again.
# custom:
#   id: identity.privileged_grants.elevation_asks_for_authentication
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.5
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: Without a password prompt, every program of that account already has the administrator's
#     rights.
#   fix: Remove NOPASSWD from the named lines, or limit them to the few commands that automation
#     needs and add the account to the exceptions.
#   parameters:
#     exceptions: ["root"]
package exhibit.identity.privileged_grants.elevation_asks_for_authentication

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

message := "nobody holds administrative rights here" if verdict == "not_applicable"

message := "every elevation asks for authentication" if verdict == "pass"

message := "grants ask for no authentication" if verdict == "fail"

not_applicable if {
	input.body.complete == true
	count(input.body.grants) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.grants)
}

items contains {"id": grant.id, "why": why} if {
	is_array(input.body.grants)
	some grant in input.body.grants
	grant.authentication_required == false
	not grant.principal.name in input.parameters.exceptions
	why := sprintf("asks for no password (%v)", [grant.source])
}
