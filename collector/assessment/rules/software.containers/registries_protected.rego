# METADATA
# title: Images come over protected connections
# description: No container engine is allowed to fetch images over connections that are not
#   protected.
# custom:
#   id: software.containers.registries_protected
#   kind: software.containers
#   controls:
#   - id: A.8.19
#     relation: supporting
#   - id: A.5.21
#     relation: supporting
#   - id: A.8.24
#     relation: context
#   severity: high
#   freshness: 48
#   why: Whoever stands between such a registry and the engine decides what runs.
#   fix: Take the registry off insecure-registries (in /etc/docker/daemon.json) or insecure = true
#     (in /etc/containers/registries.conf), and give it a certificate.
#   parameters:
#     exceptions: []
package exhibit.software.containers.registries_protected

default verdict := "error"

default message := "the engines, or the settings of one, could not be read"

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

message := "no container engine is here" if verdict == "not_applicable"

message := "images come over protected connections" if verdict == "pass"

message := "images may come over connections that are not protected" if verdict == "fail"

not_applicable if {
	is_array(input.body.engines)
	count(judged) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.engines)
	every engine in judged {
		is_object(engine.settings)
		not engine.seen_by == "nothing"
	}
}

items contains {"id": engine.id, "why": why} if {
	some engine in judged
	number := engine.settings["insecure-registries"]
	number != "0"
	why := sprintf("takes images from %v registries without protection", [number])
}

judged contains engine if {
	is_array(input.body.engines)
	some engine in input.body.engines
	not engine.id in input.parameters.exceptions
}
