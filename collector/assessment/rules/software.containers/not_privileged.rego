# METADATA
# title: No container has all rights of its host
# description: No running container is privileged or was given a capability that makes it one;
#   containers named in the parameters may be.
# custom:
#   id: software.containers.not_privileged
#   kind: software.containers
#   controls:
#   - id: A.8.2
#     relation: supporting
#   - id: A.8.18
#     relation: supporting
#   - id: A.8.22
#     relation: context
#   severity: critical
#   freshness: 48
#   why: Whoever takes over a privileged container has the host.
#   fix: Give the container the few capabilities and devices that it needs, or name it as an
#     exception with a waiver.
#   parameters:
#     exceptions: []
#     capabilities: ["ALL", "CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_DAC_READ_SEARCH", "CAP_BPF"]
package exhibit.software.containers.not_privileged

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

message := "no running container has the rights of the host" if verdict == "pass"

message := "containers have the rights of the host" if verdict == "fail"

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
		container.privileged == false
		is_array(container.capabilities_added)
	}
}

items contains {"id": id, "why": "is privileged"} if {
	some container in judged
	container.privileged == true
	id := container.name
}

items contains {"id": id, "why": why} if {
	some container in judged
	not container.privileged == true
	is_array(container.capabilities_added)
	some capability in container.capabilities_added
	capability in input.parameters.capabilities
	id := container.name
	why := sprintf("has %v", [capability])
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
