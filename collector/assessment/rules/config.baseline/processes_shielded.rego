# METADATA
# title: Processes are shielded from each other
# description: One process may not look into another of the same account at will.
# custom:
#   id: config.baseline.processes_shielded
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: One infected program reads the passwords and keys of all others of its account.
#   fix: Set kernel.yama.ptrace_scope = 1 in a file of /etc/sysctl.d; a kernel without it was built
#     without Yama, or started with an lsm= that leaves it out.
#   parameters:
#     allowed: {"kernel.yama.ptrace_scope": ["1", "2", "3"]}
package exhibit.config.baseline.processes_shielded

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

message := "processes are shielded from each other" if verdict == "pass"

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
