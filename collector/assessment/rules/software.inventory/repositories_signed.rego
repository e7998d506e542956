# METADATA
# title: Software comes only from sources whose signatures are checked
# description: Every configured package source is verified by signature.
# custom:
#   id: software.inventory.repositories_signed
#   kind: software.inventory
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.5.21
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: An unsigned source lets anyone on the way decide what gets installed as root.
#   fix: Remove trusted=yes and allow-insecure from the source and give it the vendor's key by signed-by;
#     on RHEL set gpgcheck=1 and gpgkey.
package exhibit.software.inventory.repositories_signed

# Supporting on A.8.19: sources that could be verified are a condition; whether the system refuses
# what is not verified is for another rule.

default verdict := "error"

default message := "the configured package sources could not be read"

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

message := "no package source is configured" if verdict == "not_applicable"

message := "every package source is verified by signature" if verdict == "pass"

message := "package sources are not verified" if verdict == "fail"

not_applicable if {
	is_array(input.body.repositories)
	count(input.body.repositories) == 0
}

not_applicable if {
	input.body.repositories == null
	count(input.body.packages) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.repositories)
	every repository in input.body.repositories {
		is_boolean(repository.signature_checked)
	}
}

items contains {"id": repository.id, "why": why} if {
	is_array(input.body.repositories)
	some repository in input.body.repositories
	repository.signature_checked == false
	why := sprintf("signatures are not checked (%v)", [repository.source])
}
