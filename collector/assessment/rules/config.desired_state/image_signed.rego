# METADATA
# title: The image that is started must be signed
# description: A signature is demanded of the image that the system starts.
# custom:
#   id: config.desired_state.image_signed
#   kind: config.desired_state
#   controls:
#   - id: A.8.9
#     relation: supporting
#   - id: A.8.19
#     relation: supporting
#   severity: high
#   freshness: 168
#   why: Without a signature whoever answers for the registry decides what the machine runs.
#   fix: Configure the policy of containers or ostree so that it demands a signature of the image.
package exhibit.config.desired_state.image_signed

import data.exhibit.lib.say

default verdict := "error"

default message := "whether a signature is demanded could not be determined"

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

message := "the system does not start from an image" if verdict == "not_applicable"

message := "a signature is demanded of the image" if verdict == "pass"

message := "no signature is demanded of the image" if verdict == "fail"

not_applicable if {
	is_array(input.body.managers)
	input.body.image == null
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_boolean(input.body.image.signed)
}

items contains {"id": id, "why": why} if {
	input.body.image.signed == false
	id := input.body.image.mechanism
	why := sprintf("starts %v without demanding a signature", [
		say.field(input.body.image, "reference", "an image"),
	])
}
