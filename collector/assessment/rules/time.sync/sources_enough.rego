# METADATA
# title: The clock has more than one reference
# description: At least two time sources are configured or followed; a pool and a reference
#   clock of the machine itself count as enough.
# custom:
#   id: time.sync.sources_enough
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: A clock with one reference follows it wherever it goes, and stands alone when it is gone.
#   fix: Name a second and third server, or a pool, in the settings of the time program (server or
#     pool in chrony.conf, NTP= in timesyncd.conf).
#   parameters:
#     min: 2
#   limits:
#     min: [1, 20]
package exhibit.time.sync.sources_enough

default verdict := "error"

default message := "the time sources could not be read"

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

message := "the clock is kept by the machine around this one, or nothing keeps it" if verdict == "not_applicable"

message := "the clock has references enough" if verdict == "pass"

message := "the clock has too few references" if verdict == "fail"

not_applicable if input.body.kept_by_host == true

# That nothing keeps the clock is told elsewhere.
not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sources)
	every source in input.body.sources {
		is_string(source.type)
		is_string(source.address)
	}
}

items contains {"id": concat(", ", servers), "why": sprintf("%d of at least %d references", [count(servers), input.parameters.min])} if {
	is_array(input.body.sources)
	count(input.body.sources) > 0
	count(servers) < input.parameters.min
	every source in input.body.sources {
		not source.type in {"pool", "refclock", "ptp", "provider"}
	}
}

# Fallbacks are asked only while nothing else is named, and then one after the other.
servers contains source.address if {
	is_array(input.body.sources)
	some source in input.body.sources
}
