# METADATA
# title: Network redirects over IPv6 are not believed
# description: The machine ignores messages that change its IPv6 routes, and packets that choose
#   their own way; what new interfaces begin with counts too.
# custom:
#   id: config.baseline.ipv6_redirects_refused
#   kind: config.baseline
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: IPv6 is on by default, and a neighbour draws traffic to himself by it where only IPv4 was
#     closed.
#   fix: Set accept_redirects = 0 and accept_source_route = 0 below net.ipv6.conf.all and
#     net.ipv6.conf.default in a file of /etc/sysctl.d, and load it with sysctl --system.
#   parameters:
#     allowed: {"net.ipv6.conf.all.accept_redirects": ["0"], "net.ipv6.conf.default.accept_redirects": ["0"], "net.ipv6.conf.all.accept_source_route": ["0", "-1"], "net.ipv6.conf.default.accept_source_route": ["0", "-1"]}
package exhibit.config.baseline.ipv6_redirects_refused

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

message := "the target speaks no IPv6" if verdict == "not_applicable"

message := "network redirects over IPv6 are not believed" if verdict == "pass"

message := "settings are not as they should be" if verdict == "fail"

not_applicable if {
	is_object(input.body.settings)
	every name, _ in input.parameters.allowed {
		input.body.settings[name] == null
	}
}

not_applicable if elsewhere

# A target that is no host has settings of its own.
elsewhere if {
	is_string(input.target)
	not startswith(input.target, "host:")
	is_object(input.body.settings)
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
