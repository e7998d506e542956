# METADATA
# title: Added authorities are known
# description: Every authority that an operator added to the trusted ones is named in the rule
#   pack.
# custom:
#   id: crypto.certificates_and_keys.trusted_authorities_known
#   kind: crypto.certificates_and_keys
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   severity: medium
#   freshness: 168
#   why: An added authority can vouch for every name, also for that of the bank.
#   fix: Name the fingerprint in known when it belongs here; otherwise remove the file and update
#     the store.
#   parameters:
#     known: []
package exhibit.crypto.certificates_and_keys.trusted_authorities_known

import data.exhibit.lib.say

default verdict := "error"

default message := "the authorities that are trusted could not be read"

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

message := "no authority was added here" if verdict == "not_applicable"

message := "every added authority is known" if verdict == "pass"

message := "authorities were added that nobody named" if verdict == "fail"

not_applicable if {
	is_array(input.body.trust.added)
	count(input.body.trust.added) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.trust.added)
}

items contains {"id": id, "why": why} if {
	is_array(input.body.trust.added)
	some authority in input.body.trust.added
	not authority.fingerprint in input.parameters.known
	id := authority.fingerprint
	why := sprintf("%v is trusted by %v", [
		say.field(authority, "subject", "unknown"),
		say.field(authority, "source", "unknown"),
	])
}
