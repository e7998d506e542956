# METADATA
# title: Containers keep to themselves
# description: No running container shares the network, the processes or the memory of its host,
#   or sees folders of it by which the host can be taken over.
# custom:
#   id: software.containers.host_not_shared
#   kind: software.containers
#   controls:
#   - id: A.8.22
#     relation: supporting
#   - id: A.8.3
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   severity: high
#   freshness: 48
#   why: A container that sees the engine's socket, the host's configuration or its processes is
#     no boundary.
#   fix: Publish the ports that are needed instead of the host's network, and mount a folder of
#     its own, read only where possible.
#   parameters:
#     exceptions: []
#     shares: ["ipc", "network", "pid"]
#     anywhere: ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"]
#     whole: ["/", "/home", "/opt", "/run", "/srv", "/var", "/var/lib", "/var/run"]
#     below: ["/etc", "/root", "/boot", "/proc", "/sys", "/dev", "/usr", "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/kubelet"]
package exhibit.software.containers.host_not_shared

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

message := "no running container shares what is the host's" if verdict == "pass"

message := "containers share what is the host's" if verdict == "fail"

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
		is_array(container.shares)
		is_array(container.mounts)
	}
}

items contains {"id": id, "why": why} if {
	some container in judged
	is_array(container.shares)
	some part in container.shares
	part in input.parameters.shares
	id := container.name
	why := sprintf("shares %v with the host", [part])
}

items contains {"id": id, "why": why} if {
	some container in judged
	is_array(container.mounts)
	some mount in container.mounts
	mount.kind == "bind"
	sensitive(mount)
	id := container.name
	why := sprintf("sees %v of the host", [mount.source])
}

# A whole folder such as /run has sockets of the engine and of others in it, also where it cannot be written.
sensitive(mount) if mount.source in input.parameters.whole

sensitive(mount) if {
	some name in input.parameters.anywhere
	endswith(mount.source, concat("", ["/", name]))
}

# Single files may be meant (/etc/localtime, /etc/ssl/certs); whole folders that can be written are not.
sensitive(mount) if {
	mount.writable == true
	some folder in input.parameters.below
	startswith(concat("", [mount.source, "/"]), concat("", [folder, "/"]))
}

sensitive(mount) if mount.source in input.parameters.below

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
