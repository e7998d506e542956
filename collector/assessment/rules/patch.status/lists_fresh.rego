# METADATA
# title: Package lists are fresh
# description: The newest list of available packages is not older than the limit.
# custom:
#   id: patch.status.lists_fresh
#   kind: patch.status
#   controls:
#   - id: A.8.8
#     relation: supporting
#   severity: medium
#   freshness: 48
#   clock: true
#   why: With an old list, no pending update means only that nobody looked.
#   fix: Refresh the lists (apt-get update, on RHEL dnf makecache) and let a timer do it daily
#     (APT::Periodic::Update-Package-Lists, dnf-makecache.timer).
#   parameters:
#     max_hours: 48
#   limits:
#     max_hours: [1, 8760]
package exhibit.patch.status.lists_fresh

import data.exhibit.lib.age

default verdict := "error"

default message := "when package lists were refreshed could not be determined, or lies in the future"

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

message := "package lists are fresh" if verdict == "pass"

message := sprintf("package lists are older than %d hours or missing", [input.parameters.max_hours]) if verdict == "fail"

not_applicable if input.body.counts.installed == 0

# What must be known before the absence of offending items means anything.
judgeable if age.since(input.body.lists_refreshed, input.now) <= input.parameters.max_hours

items contains {"id": "lists", "why": why} if {
	hours := age.since(input.body.lists_refreshed, input.now)
	hours > input.parameters.max_hours
	why := sprintf("refreshed %d hours ago", [floor(hours)])
}

items contains {"id": "lists", "why": "there is no package list at all"} if {
	input.body.lists_refreshed == null
}
