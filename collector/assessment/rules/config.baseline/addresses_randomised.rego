# METADATA
# title: Programs are loaded at random addresses
# description: Full randomisation of the address space is on.
# custom:
#   id: config.baseline.addresses_randomised
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.8
#     relation: context
#   severity: high
#   freshness: 168
#   why: Exploits that know where code lies work at the first try.
#   fix: Set kernel.randomize_va_space = 2 in /etc/sysctl.d.
#   parameters:
#     allowed: {"kernel.randomize_va_space": ["2"]}
package exhibit.config.baseline.addresses_randomised

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

message := "programs are loaded at random addresses" if verdict == "pass"

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
