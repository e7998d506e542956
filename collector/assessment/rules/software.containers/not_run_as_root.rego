# METADATA
# title: Containers do not run as root
# description: The first process of no running container is root, unless the users of the
#   container are mapped to others of the host.
# custom:
#   id: software.containers.not_run_as_root
#   kind: software.containers
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.9
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Root inside a container is root of the host once a fault in the kernel lets it out.
#   fix: Set USER in the image or the user of the container, or switch the mapping of users on.
#   parameters:
#     exceptions: []
package exhibit.software.containers.not_run_as_root

default verdict := "error"

default message := "the containers could not all be seen"

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

message := "no container runs here" if verdict == "not_applicable"

message := "no running container runs as root of the host" if verdict == "pass"

message := "containers run as root" if verdict == "fail"

not_applicable if {
	is_array(input.body.engines)
	is_array(input.body.containers)
	complete
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.engines)
	is_array(input.body.containers)
	complete
	every container in judged {
		fine(container)
	}
}

items contains {"id": id, "why": "runs as root"} if {
	some container in judged
	container.root == true
	container.users_mapped == false
	id := container.name
}

fine(container) if container.root == false

fine(container) if container.users_mapped == true

complete if {
	every engine in input.body.engines {
		engine.containers_complete == true
	}
}

judged contains container if {
	is_array(input.body.containers)
	some container in input.body.containers
	not container.state in ["stopped", "created"]
	not container.name in input.parameters.exceptions
}
