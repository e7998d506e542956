# METADATA
# title: The newest installed kernel is the one that runs
# description: The running kernel release equals the newest one installed.
# custom:
#   id: patch.status.kernel_current
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: Kernel fixes take effect at the next start only.
#   fix: Restart the system, or apply live patches and record that they count.
package exhibit.patch.status.kernel_current

default verdict := "error"

default message := "the running or the installed kernel could not be determined"

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

message := "no kernel is installed here; the machine around it brings one" if verdict == "not_applicable"

message := "the newest installed kernel runs" if verdict == "pass"

message := "an older kernel runs than the one installed" if verdict == "fail"

not_applicable if input.body.kernel == null

not_applicable if input.body.kernel.newest_installed == null

# What must be known before the absence of offending items means anything.
judgeable if {
	is_string(input.body.kernel.running)
	is_string(input.body.kernel.newest_installed)
}

items contains {"id": input.body.kernel.running, "why": why} if {
	is_string(input.body.kernel.running)
	is_string(input.body.kernel.newest_installed)
	input.body.kernel.running != input.body.kernel.newest_installed
	why := sprintf("runs, while %v is installed", [input.body.kernel.newest_installed])
}
