# METADATA
# title: The use of administrative rights leaves records
# description: At least one source holds records of the use of administrative rights or of
#   sessions.
# custom:
#   id: logging.privileged_activity.use_recorded
#   kind: logging.privileged_activity
#   controls:
#   - id: A.8.15
#     relation: supporting
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Without a record nobody can say what the mighty accounts did.
#   fix: Keep the journal or auth.log on disk and let sudo and the SSH server write to it.
package exhibit.logging.privileged_activity.use_recorded

default verdict := "error"

default message := "not every source of records could be read to its end, so whether records exist is not known"

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

message := "no source of such records is known here" if verdict == "not_applicable"

message := "the use of administrative rights leaves records" if verdict == "pass"

message := "no source holds any record of the use of administrative rights" if verdict == "fail"

not_applicable if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sources)
	count(holding) > 0
}

items contains {"id": id, "why": why} if {
	is_array(input.body.sources)
	count(holding) == 0
	some source in input.body.sources
	source.read == true
	id := source.name
	why := "was read to its end and holds no record"
}

holding contains source.name if {
	is_array(input.body.sources)
	some source in input.body.sources
	is_string(source.from)
}
