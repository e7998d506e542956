# METADATA
# title: Full control is not given to everybody
# description: No grant of full control names everyone as its holder; lesser rights are not judged.
# custom:
#   id: identity.privileged_grants.no_rights_for_everybody
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.2
#     relation: direct
#   - id: A.5.15
#     relation: supporting
#   severity: critical
#   freshness: 48
#   why: A right that everybody holds is not a privilege under control.
#   fix: Name the group or the accounts that need the right instead of ALL.
package exhibit.identity.privileged_grants.no_rights_for_everybody

# Direct on A.8.2: a privilege that everybody holds is not restricted at all.

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

message := "no full right is given to everybody" if verdict == "pass"

message := "grants give full rights to everybody" if verdict == "fail"

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
	grant.principal.type == "everyone"
	grant.full == true
	why := sprintf("everybody holds it (%v)", [grant.source])
}
