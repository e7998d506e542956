# METADATA
# title: Links and crash dumps are guarded
# description: Links, pipes and files of others in shared directories are guarded, and privileged
#   programs leave no dumps.
# custom:
#   id: config.baseline.files_shielded
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Old tricks with links in /tmp and with dumps of privileged programs still work where the
#     guards are off.
#   fix: Set fs.protected_hardlinks, fs.protected_symlinks, fs.protected_fifos and fs.protected_regular
#     to 1 and fs.suid_dumpable to 0 in a file of /etc/sysctl.d, and load it with sysctl --system.
#   parameters:
#     allowed: {"fs.protected_hardlinks": ["1"], "fs.protected_symlinks": ["1"], "fs.protected_fifos": ["1", "2"], "fs.protected_regular": ["1", "2"], "fs.suid_dumpable": ["0"]}
package exhibit.config.baseline.files_shielded

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

message := "links and crash dumps are guarded" if verdict == "pass"

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
