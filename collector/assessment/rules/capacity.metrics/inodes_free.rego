# METADATA
# title: File systems have inodes left
# description: No writable file system has used more inodes than the limit.
# custom:
#   id: capacity.metrics.inodes_free
#   kind: capacity.metrics
#   controls:
#   - id: A.8.6
#     relation: supporting
#   severity: medium
#   freshness: 6
#   why: Without inodes no file can be made, however many bytes are free.
#   fix: Delete directories of many small files, or make the file system anew with more inodes.
#   parameters:
#     max_percent: 85
#   limits:
#     max_percent: [1, 99]
package exhibit.capacity.metrics.inodes_free

default verdict := "error"

default message := "the use of inodes could not be determined"

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

message := "file systems have inodes left" if verdict == "pass"

message := "file systems run out of inodes" if verdict == "fail"

not_applicable if {
	is_array(input.body.storage)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.storage)
	every volume in judged {
		is_number(volume.inodes_used_percent)
	}
}

items contains {"id": volume.id, "why": why} if {
	some volume in judged
	is_number(volume.inodes_used_percent)
	volume.inodes_used_percent > input.parameters.max_percent
	why := sprintf("%d percent of its inodes are in use", [volume.inodes_used_percent])
}

judged contains volume if {
	is_array(input.body.storage)
	some volume in input.body.storage
	volume.read_only == false
	volume.inodes_used_percent != null
}
