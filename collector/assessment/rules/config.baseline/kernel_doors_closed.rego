# METADATA
# title: Ordinary accounts load no code into the kernel
# description: Accounts without rights may neither load BPF programs nor measure the kernel.
# custom:
#   id: config.baseline.kernel_doors_closed
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.18
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Most ways from an ordinary account to the kernel of the last years went through BPF or
#     its counters.
#   fix: Set kernel.unprivileged_bpf_disabled = 1 and kernel.perf_event_paranoid = 2 in a file of
#     /etc/sysctl.d, and load it with sysctl --system.
#   parameters:
#     allowed: {"kernel.unprivileged_bpf_disabled": ["1", "2"], "kernel.perf_event_paranoid": ["2", "3", "4"]}
package exhibit.config.baseline.kernel_doors_closed

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

message := "ordinary accounts load no code into the kernel" if verdict == "pass"

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
