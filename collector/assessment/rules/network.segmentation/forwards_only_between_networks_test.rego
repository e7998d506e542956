package exhibit.network.segmentation.forwards_only_between_networks_test

import data.exhibit.network.segmentation.forwards_only_between_networks as rule

document(body) := {
	"kind": "network.segmentation",
	"target": "host:h",
	"parameters": {},
	"body": body,
}

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"forwards_ipv4": false,
	"forwards_ipv6": null,
	"networks": [
		{
			"name": "eth0",
			"type": "physical",
			"kind": "physical",
			"enabled": true,
			"parent": null,
			"tag": null,
			"members": [],
			"subnets": ["192.0.2.0/24"],
			"internal": null,
			"source": "x",
		},
	],
})

test_pass_router if {
	rule.verdict == "pass" with input as pass_router_input
}

pass_router_input := document({
	"forwards_ipv4": true,
	"forwards_ipv6": true,
	"networks": [
		{
			"name": "eth0",
			"type": "physical",
			"kind": "physical",
			"enabled": true,
			"parent": null,
			"tag": null,
			"members": [],
			"subnets": ["192.0.2.0/24"],
			"internal": null,
			"source": "x",
		},
		{
			"name": "docker0",
			"type": "physical",
			"kind": "bridge",
			"enabled": true,
			"parent": null,
			"tag": null,
			"members": [],
			"subnets": ["192.0.2.0/24"],
			"internal": null,
			"source": "x",
		},
	],
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"ipv4"} with input as fail_input
}

fail_input := document({
	"forwards_ipv4": true,
	"forwards_ipv6": false,
	"networks": [
		{
			"name": "eth0",
			"type": "physical",
			"kind": "physical",
			"enabled": true,
			"parent": null,
			"tag": null,
			"members": [],
			"subnets": ["192.0.2.0/24"],
			"internal": null,
			"source": "x",
		},
	],
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := object.union(
	document({"forwards_ipv4": null, "forwards_ipv6": null, "networks": []}),
	{"target": "org:acme"},
)

test_malformed_unknown if {
	rule.verdict == "error" with input as document({
	"forwards_ipv4": null,
	"forwards_ipv6": false,
	"networks": [
		{
			"name": "eth0",
			"type": "physical",
			"kind": "physical",
			"enabled": true,
			"parent": null,
			"tag": null,
			"members": [],
			"subnets": ["192.0.2.0/24"],
			"internal": null,
			"source": "x",
		},
	],
})
	rule.verdict == "error" with input as document({"forwards_ipv4": false, "networks": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

network(changes) := object.union({"name": "eth0", "kind": "physical", "enabled": true, "parent": null, "subnets": ["192.0.2.0/24"]}, changes)

host(forwards, networks) := document(object.union({"forwards_ipv4": false, "forwards_ipv6": false, "networks": networks}, forwards))

test_malformed_forwarding_unknown if {
	rule.verdict == "error" with input as document({"forwards_ipv4": null, "forwards_ipv6": null, "networks": []})
	rule.verdict == "error" with input as host({"forwards_ipv4": null}, [network({})])
	rule.verdict == "error" with input as host({"forwards_ipv6": null}, [network({"subnets": ["fd00::/64"]})])
	rule.verdict == "pass" with input as host({"forwards_ipv6": null}, [network({})])
}

test_fail_ipv6_alone if {
	rule.verdict == "fail" with input as fail_ipv6_alone_input
	ids == {"ipv6"} with input as fail_ipv6_alone_input
}

fail_ipv6_alone_input := host({"forwards_ipv6": true}, [network({})])

test_pass_each_second_network if {
	every kind in ["physical", "wireless", "vlan", "bridge", "bond", "vxlan", "wireguard", "tunnel", "macvlan", "container", "guest", "subnet"] {
		rule.verdict == "pass" with input as host({"forwards_ipv4": true}, [network({}), network({"name": "b", "kind": kind})])
	}
	rule.verdict == "fail" with input as host({"forwards_ipv4": true}, [network({}), network({"name": "b", "kind": "virtual"})])
	rule.verdict == "fail" with input as host({"forwards_ipv4": true}, [network({}), network({"name": "b", "enabled": false})])
	rule.verdict == "pass" with input as host({"forwards_ipv4": true}, [network({}), network({"name": "b", "enabled": null})])
	rule.verdict == "pass" with input as host({"forwards_ipv4": true}, [network({}), network({"name": "eth0.10", "kind": "vlan", "parent": "eth0"})])
}
