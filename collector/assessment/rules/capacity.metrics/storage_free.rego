# METADATA
# title: Storage has room left
# description: No writable file system, database or quota is fuller than the limit.
# custom:
#   id: capacity.metrics.storage_free
#   kind: capacity.metrics
#   controls:
#   - id: A.8.6
#     relation: direct
#   severity: high
#   freshness: 6
#   why: A full disk stops logging, backups and sign-in at once.
#   fix: Delete, archive or enlarge before the disk is full; find out what grows.
#   parameters:
#     max_percent: 85
#   limits:
#     max_percent: [1, 99]
package exhibit.capacity.metrics.storage_free

# Direct on A.8.6: whether storage is used up is what the use of resources is watched for.

default verdict := "error"

default message := "the use of some storage could not be determined"

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

message := "no writable storage is bounded here" if verdict == "not_applicable"

message := "storage has room left" if verdict == "pass"

message := "file systems are nearly full" if verdict == "fail"

not_applicable if {
	is_array(input.body.storage)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.storage)
	every volume in judged {
		is_number(volume.used_percent)
	}
}

items contains {"id": volume.id, "why": why} if {
	some volume in judged
	is_number(volume.used_percent)
	volume.used_percent > input.parameters.max_percent
	why := sprintf("%d percent are in use", [volume.used_percent])
}

judged contains volume if {
	is_array(input.body.storage)
	some volume in input.body.storage
	volume.read_only == false
}
