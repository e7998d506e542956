# METADATA
# title: Administrative work is done by named accounts
# description: No account that several people share used administrative rights.
# custom:
#   id: logging.privileged_activity.named_accounts_act
#   kind: logging.privileged_activity
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.15
#     relation: context
#   - id: A.5.16
#     relation: context
#   severity: low
#   freshness: 48
#   why: A deed of a shared account cannot be laid at anybody’s door.
#   fix: Give each person an account and take the rights from the shared one.
#   parameters:
#     shared: ["admin", "administrator", "ec2-user", "ubuntu", "debian", "centos", "pi", "vagrant", "user"]
package exhibit.logging.privileged_activity.named_accounts_act

import data.exhibit.lib.say

default verdict := "error"

default message := "not every source of records could be read to its end"

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

message := "no source of such records is known here" if verdict == "not_applicable"

message := "no shared account used administrative rights" if verdict == "pass"

message := "shared accounts used administrative rights" if verdict == "fail"

not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.activity)
	is_array(input.body.sources)
	every source in input.body.sources {
		source.read == true
	}
}

items contains {"id": id, "why": why} if {
	is_array(input.body.activity)
	some entry in input.body.activity
	entry.account in input.parameters.shared
	entry.action in ["sudo", "su", "execution", "elevation"]
	entry.succeeded > 0
	id := sprintf("%v %v", [
		say.field(entry, "account", "unknown"),
		say.field(entry, "day", "unknown"),
	])
	why := sprintf("used other rights %d times (%v)", [
		say.field(entry, "succeeded", "unknown"),
		say.field(entry, "action", "unknown"),
	])
}
