# METADATA
# title: Package sources are fetched over a protected connection
# description: Every package source uses a transport that protects against change on the way.
# custom:
#   id: software.inventory.repositories_encrypted_transport
#   kind: software.inventory
#   controls:
#   - id: A.8.19
#     relation: context
#   - id: A.5.21
#     relation: context
#   severity: low
#   freshness: 168
#   why: Signatures protect content; a clear connection still tells watchers which software and
#     versions run here.
#   fix: Change http:// to https:// in the named sources.
package exhibit.software.inventory.repositories_encrypted_transport

default verdict := "error"

default message := "the transport of some package source is unknown"

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

message := "every package source uses a protected connection" if verdict == "pass"

message := "package sources are fetched in clear" if verdict == "fail"

not_applicable if {
	is_array(input.body.repositories)
	count(input.body.repositories) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.repositories)
	every repository in input.body.repositories {
		is_boolean(repository.encrypted_transport)
	}
}

items contains {"id": repository.id, "why": why} if {
	is_array(input.body.repositories)
	some repository in input.body.repositories
	repository.encrypted_transport == false
	why := sprintf("is fetched in clear (%v)", [repository.source])
}
