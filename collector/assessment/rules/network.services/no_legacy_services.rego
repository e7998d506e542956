# METADATA
# title: No service sends passwords in clear
# description: No legacy service (telnet, rsh, ftp, tftp, NIS and the like) is active.
# custom:
#   id: network.services.no_legacy_services
#   kind: network.services
#   controls:
#   - id: A.8.21
#     relation: supporting
#   - id: A.8.20
#     relation: supporting
#   - id: A.5.14
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: What such a service carries can be read and changed by anyone on the way.
#   fix: Remove the service and use its encrypted successor (ssh, sftp, https).
package exhibit.network.services.no_legacy_services

# Supporting on A.8.21: services that nobody can secure are not offered; what is required of the
# services that are used, and watched there, is not seen here.

default verdict := "error"

default message := "whether a legacy service is active could not be determined"

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

message := "nothing accepts connections here" if verdict == "not_applicable"

message := "no legacy service is active" if verdict == "pass"

message := "legacy services are active" if verdict == "fail"

not_applicable if {
	is_array(input.body.listeners)
	count(input.body.listeners) == 0
	is_array(input.body.legacy_services)
	count(input.body.legacy_services) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.legacy_services)
	every service in input.body.legacy_services {
		is_boolean(service.active)
	}
}

items contains {"id": service.name, "why": why} if {
	is_array(input.body.legacy_services)
	some service in input.body.legacy_services
	service.active == true
	why := sprintf("is active, recognised by %v", [service.recognised_by])
}
