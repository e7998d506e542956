# METADATA
# title: No secret stands in the environment of a container
# description: No running container has variables in its environment whose names speak of a
#   secret.
# custom:
#   id: software.containers.no_secrets_in_environment
#   kind: software.containers
#   controls:
#   - id: A.5.17
#     relation: supporting
#   - id: A.8.24
#     relation: context
#   severity: medium
#   freshness: 48
#   why: The environment is seen by whoever may ask the engine, by every process inside, and by
#     most reports of crashes.
#   fix: Give the secret as a file (docker secret, podman secret, a mounted file) and let the
#     program read it from there.
#   parameters:
#     exceptions: []
package exhibit.software.containers.no_secrets_in_environment

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

message := "no secret stands in the environment of a container" if verdict == "pass"

message := "secrets stand in the environment of containers" if verdict == "fail"

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
		is_number(container.secret_variables)
	}
}

items contains {"id": container.name, "why": sprintf("%d variables are named like a secret", [container.secret_variables])} if {
	some container in judged
	is_number(container.secret_variables)
	container.secret_variables > 0
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
