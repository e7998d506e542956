# METADATA
# title: Software comes from named sources
# description: Every source of software is an address that the rule pack names, or lies below it.
# custom:
#   id: software.install_control.sources_known
#   kind: software.install_control
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.5.21
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A source that was added by hand can replace every program at the next update.
#   fix: Name the address in allowed when it belongs here; otherwise remove the source and what
#     came from it.
#   parameters:
#     allowed: []
package exhibit.software.install_control.sources_known

import data.exhibit.lib.say

default verdict := "error"

default message := "the sources of software could not be read"

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

message := "the rule pack names no sources, or there are none" if verdict == "not_applicable"

message := "every source of software is a named one" if verdict == "pass"

message := "software may come from sources that nobody named" if verdict == "fail"

not_applicable if {
	is_array(input.body.sources)
	count(input.parameters.allowed) == 0
}

not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sources)
	every row in input.body.sources {
		is_string(row.id)
	}
}

items contains {"id": id, "why": why} if {
	count(input.parameters.allowed) > 0
	is_array(input.body.sources)
	some row in input.body.sources
	not named(row)
	id := row.id
	why := sprintf("is used by %v (%v)", [
		say.field(row, "manager", "unknown"),
		say.field(row, "source", "unknown"),
	])
}

named(row) if {
	some address in input.parameters.allowed
	below(lower(row.url), lower(address))
}

# https://deb.example.org names neither https://deb.example.organised.net nor a port.
below(url, address) if url == address

below(url, address) if startswith(url, concat("", [trim_right(address, "/"), "/"]))
