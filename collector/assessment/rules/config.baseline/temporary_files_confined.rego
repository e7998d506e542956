# METADATA
# title: Temporary files cannot become programs of others
# description: /tmp, /var/tmp and /dev/shm, where they are mounts of their own, carry nodev and
#   nosuid.
# custom:
#   id: config.baseline.temporary_files_confined
#   kind: config.baseline
#   controls:
#   - id: A.8.9
#     relation: supporting
#   severity: low
#   freshness: 168
#   why: Directories that everybody may write to are where an intruder puts tools down.
#   fix: Add nodev,nosuid to the mount (systemctl edit tmp.mount, or /etc/fstab).
#   parameters:
#     paths: ["/tmp", "/var/tmp", "/dev/shm"]
#     options: ["nodev", "nosuid"]
package exhibit.config.baseline.temporary_files_confined

default verdict := "error"

default message := "the mounts could not be read"

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

message := "no directory for temporary files is a mount of its own" if verdict == "not_applicable"

message := "directories for temporary files are confined" if verdict == "pass"

message := "options are missing" if verdict == "fail"

not_applicable if input.body.mounts == null

not_applicable if {
	is_array(input.body.mounts)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	every mount in judged {
		is_array(mount.options)
	}
	count(judged) > 0
}

items contains {"id": mount.path, "why": why} if {
	some mount in judged
	some option in input.parameters.options
	is_array(mount.options)
	not option in mount.options
	why := sprintf("is mounted without %v", [option])
}

judged contains mount if {
	is_array(input.body.mounts)
	some mount in input.body.mounts
	mount.path in input.parameters.paths
}
