# METADATA
# title: Packets with a false sender are dropped
# description: The reverse path of packets is checked, and floods of half-open connections are
#   answered by cookies.
# custom:
#   id: config.baseline.senders_verified
#   kind: config.baseline
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: False senders get around rules that trust addresses, and half-open floods shut services
#     down.
#   fix: Set net.ipv4.conf.all.rp_filter = 1 (or 2 with several routes) and net.ipv4.tcp_syncookies
#     = 1 in /etc/sysctl.d.
#   parameters:
#     allowed: {"net.ipv4.conf.all.rp_filter": ["1", "2"], "net.ipv4.tcp_syncookies": ["1", "2"]}
package exhibit.config.baseline.senders_verified

default verdict := "error"

default message := "some of the settings could not be read, or the kernel does not have them"

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

message := "packets with a false sender are dropped" if verdict == "pass"

message := "settings are not as they should be" if verdict == "fail"

# A target that is no host has settings of its own.
not_applicable if {
	is_string(input.target)
	not startswith(input.target, "host:")
	is_object(input.body.settings)
}

# On a host whose other settings are known, one that is not there is no guard, or is not readable.
not_applicable if {
	is_object(input.body.settings)
	every name, _ in input.parameters.allowed {
		input.body.settings[name] == null
	}
	every _, value in input.body.settings {
		value == null
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
