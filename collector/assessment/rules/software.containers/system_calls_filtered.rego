# METADATA
# title: System calls of containers are filtered
# description: Every running container has a filter of system calls.
# custom:
#   id: software.containers.system_calls_filtered
#   kind: software.containers
#   controls:
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.22
#     relation: context
#   severity: medium
#   freshness: 48
#   why: Most ways out of a container begin with a system call that no ordinary program makes.
#   fix: Take seccomp=unconfined off the container; for a program that needs more, write a profile
#     of its own.
#   parameters:
#     exceptions: []
package exhibit.software.containers.system_calls_filtered

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

message := "every running container has a filter of system calls" if verdict == "pass"

message := "containers run without a filter of system calls" if verdict == "fail"

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
		is_boolean(container.seccomp)
	}
}

items contains {"id": container.name, "why": "has no filter of system calls"} if {
	some container in judged
	container.seccomp == false
}

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
