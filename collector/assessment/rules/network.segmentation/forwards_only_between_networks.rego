# METADATA
# title: Only hosts between networks pass traffic on
# description: A host that passes the traffic of others on has a second network to pass it to.
# custom:
#   id: network.segmentation.forwards_only_between_networks
#   kind: network.segmentation
#   controls:
#   - id: A.8.22
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A host that forwards without a reason is a way around the separation of networks.
#   fix: Set net.ipv4.ip_forward and net.ipv6.conf.all.forwarding to 0 in a file of /etc/sysctl.d on
#     hosts that are no routers and run no containers, guests or tunnels.
package exhibit.network.segmentation.forwards_only_between_networks

default verdict := "error"

default message := "whether the host passes traffic on is not known"

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

message := "this target is no host that could pass traffic on" if verdict == "not_applicable"

message := "traffic is passed on only between networks" if verdict == "pass"

message := "traffic is passed on without a second network" if verdict == "fail"

not_applicable if {
	is_string(input.target)
	not startswith(input.target, "host:")
	input.body.forwards_ipv4 == null
	input.body.forwards_ipv6 == null
	is_array(input.body.networks)
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_boolean(input.body.forwards_ipv4)
	is_array(input.body.networks)
	ipv6_settled
}

ipv6_settled if is_boolean(input.body.forwards_ipv6)

# A kernel without IPv6 has no such switch, and no address of it.
ipv6_settled if {
	input.body.forwards_ipv6 == null
	every network in input.body.networks {
		every subnet in network.subnets {
			not contains(subnet, ":")
		}
	}
}

# Interfaces on which traffic of others can come or go; a VLAN is a network of its own, and so is one of containers.
between contains network.name if {
	is_array(input.body.networks)
	some network in input.body.networks
	network.kind in {"physical", "wireless", "vlan", "bridge", "bond", "vxlan", "wireguard", "tunnel", "macvlan", "container", "guest", "subnet"}
	network.enabled != false
}

items contains {"id": family, "why": "traffic of others is passed on, and there is one network only"} if {
	is_array(input.body.networks)
	some family in {"ipv4", "ipv6"}
	input.body[concat("", ["forwards_", family])] == true
	count(between) < 2
}
