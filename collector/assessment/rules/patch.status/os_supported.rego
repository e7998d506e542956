# METADATA
# title: The operating system is still supported
# description: The maker still publishes security updates for this version, long term support
#   included.
# custom:
#   id: patch.status.os_supported
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   - id: A.8.19
#     relation: supporting
#   severity: critical
#   freshness: 168
#   why: After the end of support weaknesses stay open for good, and no update list shows them.
#   fix: Upgrade to a supported release, or buy extended support and record the exception.
package exhibit.patch.status.os_supported

import data.exhibit.lib.say

# Supporting on A.8.8: without support no fix will come, which is a condition of mending weaknesses
# and not yet mending one. Supporting on A.8.19: software without support on operational systems is
# a risk that somebody has to take knowingly.

default verdict := "error"

default message := "the support state of the operating system is unknown; its release is not in the table of life spans"

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

message := "a rolling release has no end of support" if verdict == "not_applicable"

message := "the operating system is supported" if verdict == "pass"

message := "support for the operating system has ended" if verdict == "fail"

not_applicable if {
	input.body.os.version == null
	input.body.os.support_state == "unknown"
}

# What must be known before the absence of offending items means anything.
judgeable if input.body.os.support_state in {"supported", "long_term"}

items contains {"id": input.body.os.name, "why": why} if {
	input.body.os.support_state == "ended"
	why := sprintf("support ended on %v", [say.field(input.body.os, "end_of_life", "an unknown day")])
}
