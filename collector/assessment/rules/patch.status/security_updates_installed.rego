# METADATA
# title: No security update is waiting
# description: Every update that a security channel offers is installed.
# custom:
#   id: patch.status.security_updates_installed
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: direct
#   severity: high
#   freshness: 48
#   why: A published fix tells attackers where to look; the time until it is installed is the time
#     they have.
#   fix: Install the named updates (on Debian and Ubuntu apt-get update and apt-get upgrade, on RHEL
#     dnf upgrade --security), and let automatic updates do it from then on.
package exhibit.patch.status.security_updates_installed

import data.exhibit.lib.say

# Direct on A.8.8: a known fix that is installed, or is not, is the treatment of technical
# vulnerabilities itself.

default verdict := "error"

default message := "pending updates could not be determined: there is no package list, or the list of updates is missing"

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

message := "no package manager installs software here" if verdict == "not_applicable"

message := "no security update is waiting" if verdict == "pass"

message := "security updates are waiting" if verdict == "fail"

not_applicable if input.body.counts.installed == 0

# What must be known before the absence of offending items means anything.
judgeable if {
	is_string(input.body.lists_refreshed)
	is_array(input.body.pending)
	every update in input.body.pending {
		is_boolean(update.security)
	}
}

items contains {"id": update.name, "why": why} if {
	is_array(input.body.pending)
	some update in input.body.pending
	update.security == true
	why := sprintf("%v waits, installed is %v", [update.candidate, say.field(update, "installed", "nothing")])
}
