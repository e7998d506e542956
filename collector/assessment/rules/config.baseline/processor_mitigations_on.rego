# METADATA
# title: Guards against processor flaws are on
# description: The kernel was not started with its guards against processor flaws switched off.
# custom:
#   id: config.baseline.processor_mitigations_on
#   kind: config.baseline
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: Without them one guest or one web page can read the memory of another.
#   fix: Remove mitigations=off and the like from the kernel's command line (GRUB_CMDLINE_LINUX in
#     /etc/default/grub and update-grub, on RHEL grubby --remove-args) and restart.
#   parameters:
#     weak: {"mitigations": "off", "spectre_v2": "off", "spectre_v2_user": "off", "spec_store_bypass_disable": "off", "pti": "off", "kpti": "0", "nopti": "", "nospectre_v1": "", "nospectre_v2": "", "l1tf": "off", "mds": "off", "tsx_async_abort": "off", "mmio_stale_data": "off", "retbleed": "off", "srbds": "off", "gather_data_sampling": "off", "spec_rstack_overflow": "off", "reg_file_data_sampling": "off"}
package exhibit.config.baseline.processor_mitigations_on

default verdict := "error"

default message := "the kernel's command line could not be read"

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

message := "the kernel belongs to the machine around this one" if verdict == "not_applicable"

message := "guards against processor flaws are on" if verdict == "pass"

message := "guards against processor flaws are off" if verdict == "fail"

not_applicable if {
	input.body.modules == null
	input.body.boot_parameters == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_object(input.body.boot_parameters)

items contains {"id": name, "why": why} if {
	is_object(input.body.boot_parameters)
	some name, value in input.body.boot_parameters
	input.parameters.weak[name] == value
	why := sprintf("the kernel was started with %v=%v", [name, value])
}
