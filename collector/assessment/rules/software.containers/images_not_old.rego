# METADATA
# title: Images in use are rebuilt
# description: No image that a container is made of is older than the limit; images made without
#   a time are left to their digests.
# custom:
#   id: software.containers.images_not_old
#   kind: software.containers
#   controls:
#   - id: A.8.8
#     relation: supporting
#   - id: A.8.19
#     relation: context
#   severity: medium
#   freshness: 48
#   clock: true
#   why: Updates of the host do not reach into images; an old image has the holes of its day.
#   fix: Rebuild the image on a current base, pull it and start the container anew.
#   parameters:
#     max_days: 90
#     exceptions: []
#   limits:
#     max_days: [1, 1100]
package exhibit.software.containers.images_not_old

import data.exhibit.lib.age

default verdict := "error"

default message := "the images could not all be seen, or the time of one is no time or lies in the future"

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

message := "no image with a known age is in use here" if verdict == "not_applicable"

message := "no image in use is older than the limit" if verdict == "pass"

message := "images in use are old" if verdict == "fail"

not_applicable if {
	is_array(input.body.engines)
	is_array(input.body.images)
	complete
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.engines)
	is_array(input.body.images)
	complete
	every image in judged {
		is_number(age.since(image.created, input.now))
	}
}

items contains {"id": id, "why": why} if {
	some image in judged
	days := age.since(image.created, input.now) / 24
	days > input.parameters.max_days
	id := concat(" ", array.concat(image.names, [substring(image.id, 0, 19)]))
	why := sprintf("was made %d days ago", [floor(days)])
}

complete if {
	every engine in input.body.engines {
		engine.images_complete == true
		engine.containers_complete == true
	}
}

judged contains image if {
	is_array(input.body.images)
	some image in input.body.images
	image.used != false
	image.created != null
	count({name | some name in image.names; name in input.parameters.exceptions}) == 0
}
