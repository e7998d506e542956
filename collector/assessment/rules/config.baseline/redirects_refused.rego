# METADATA
# title: Network redirects are neither believed nor sent
# description: The machine ignores messages that change its routes, and sends none.
# custom:
#   id: config.baseline.redirects_refused
#   kind: config.baseline
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: A neighbour can otherwise draw the traffic to himself.
#   fix: Set net.ipv4.conf.all.accept_redirects = 0, send_redirects = 0 and accept_source_route = 0
#     in /etc/sysctl.d.
#   parameters:
#     allowed: {"net.ipv4.conf.all.accept_redirects": ["0"], "net.ipv4.conf.all.send_redirects": ["0"], "net.ipv4.conf.all.accept_source_route": ["0"]}
package exhibit.config.baseline.redirects_refused

default verdict := "error"

default message := "some of the settings could not be read"

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

message := "the target has none of these settings" if verdict == "not_applicable"

message := "network redirects are neither believed nor sent" if verdict == "pass"

message := "settings are not as they should be" if verdict == "fail"

not_applicable if {
	is_object(input.body.settings)
	every name, _ in input.parameters.allowed {
		input.body.settings[name] == null
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_object(input.body.settings)
	every name, _ in input.parameters.allowed {
		is_string(input.body.settings[name])
	}
}

items contains {"id": name, "why": why} if {
	some name, allowed in input.parameters.allowed
	value := input.body.settings[name]
	is_string(value)
	not value in allowed
	why := sprintf("is %v, allowed: %v", [value, concat(", ", allowed)])
}
