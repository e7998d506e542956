# METADATA
# title: Questions to everybody and broken answers are ignored
# description: The machine answers no echo request to a broadcast address and ignores malformed
#   ICMP errors.
# custom:
#   id: config.baseline.broadcasts_ignored
#   kind: config.baseline
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: A machine that answers questions to everybody is used to flood somebody else.
#   fix: Set net.ipv4.icmp_echo_ignore_broadcasts = 1 and
#     net.ipv4.icmp_ignore_bogus_error_responses = 1 in a file of /etc/sysctl.d, and load it with
#     sysctl --system.
#   parameters:
#     allowed: {"net.ipv4.icmp_echo_ignore_broadcasts": ["1"], "net.ipv4.icmp_ignore_bogus_error_responses": ["1"]}
package exhibit.config.baseline.broadcasts_ignored

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

message := "questions to everybody and broken answers are ignored" if verdict == "pass"

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
