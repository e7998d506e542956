# METADATA
# title: Rare protocols and file systems are not loaded
# description: No kernel module on the list of rarely needed ones is loaded.
# custom:
#   id: config.baseline.rare_modules_unloaded
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   severity: low
#   freshness: 168
#   why: Code that nobody uses is code that nobody tests, and it runs with full rights.
#   fix: Unload the module (modprobe -r NAME) and block it with the line install NAME /bin/false in a
#     file of /etc/modprobe.d.
#   parameters:
#     rare: ["cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", "dccp", "rds", "sctp", "tipc", "firewire_core"]
package exhibit.config.baseline.rare_modules_unloaded

default verdict := "error"

default message := "the loaded modules could not be read"

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

message := "no rarely needed module is loaded" if verdict == "pass"

message := "rarely needed modules are loaded" if verdict == "fail"

not_applicable if {
	input.body.modules == null
	input.body.boot_parameters == null
}

# What must be known before the absence of offending items means anything.
judgeable if is_array(input.body.modules.loaded)

items contains {"id": name, "why": "is loaded and on the list of rarely needed modules"} if {
	is_array(input.body.modules.loaded)
	some name in input.body.modules.loaded
	name in input.parameters.rare
}
