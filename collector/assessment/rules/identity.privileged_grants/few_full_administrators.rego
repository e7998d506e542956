# METADATA
# title: Few accounts have full control
# description: No more accounts than the limit hold full control, the superuser not counted.
# custom:
#   id: identity.privileged_grants.few_full_administrators
#   kind: identity.privileged_grants
#   controls:
#   - id: A.8.2
#     relation: direct
#   severity: medium
#   freshness: 168
#   why: Each full administrator is one more person whose slip or stolen password costs everything.
#   fix: Withdraw full rights where single commands or a role suffice, or raise the limit with a
#     reason.
#   parameters:
#     max: 5
#   limits:
#     max: [0, 1000]
package exhibit.identity.privileged_grants.few_full_administrators

# Direct on A.8.2: how many hold full control is the restriction of privileged rights itself,
# counted.

default verdict := "error"

default message := "some grants or the members of some group could not be determined"

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

message := sprintf("accounts with full control: %d", [count(holders)]) if verdict == "pass"

message := sprintf("accounts with full control: %d, the limit is %d", [count(holders), input.parameters.max]) if verdict == "fail"

not_applicable if {
	input.body.complete == true
	count(input.body.grants) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	input.body.complete == true
	is_array(input.body.grants)

	every grant in full {
		is_array(grant.members)
	}
}

items contains {"id": name, "why": "holds full control"} if {
	count(holders) > input.parameters.max
	some name in holders
}

full contains grant if {
	is_array(input.body.grants)
	some grant in input.body.grants
	grant.full == true
	grant.via != "uid0"
}

holders contains name if {
	some grant in full
	is_array(grant.members)
	some name in grant.members
	name != "root"
}
