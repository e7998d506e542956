# METADATA
# title: No data store listens on every address
# description: No database, cache or search engine accepts connections on all addresses or from the
#   internet.
# custom:
#   id: network.services.data_stores_not_exposed
#   kind: network.services
#   controls:
#   - id: A.8.20
#     relation: supporting
#   - id: A.8.22
#     relation: supporting
#   - id: A.8.3
#     relation: supporting
#   severity: high
#   freshness: 48
#   why: Data stores trust their network; one that everybody can reach has only its password, if it
#     has one.
#   fix: Bind the service to loopback or to the private address its clients use, and let the
#     firewall admit only them.
#   parameters:
#     ports: [1433, 1521, 2379, 3306, 5432, 5984, 6379, 7000, 9042, 9200, 11211, 27017]
package exhibit.network.services.data_stores_not_exposed

import data.exhibit.lib.say

default verdict := "error"

default message := "the list of listeners is missing or broken"

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

message := "nothing accepts connections here" if verdict == "not_applicable"

message := "no data store listens on every address" if verdict == "pass"

message := "data stores listen on every address" if verdict == "fail"

not_applicable if {
	is_array(input.body.listeners)
	count(input.body.listeners) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.listeners)
	every listener in input.body.listeners {
		listener.exposure in {"loopback", "specific", "all", "internet"}
		is_number(listener.port)
	}
}

items contains {"id": sprintf("%v/%d", [listener.protocol, listener.port]), "why": why} if {
	is_array(input.body.listeners)
	some listener in input.body.listeners
	listener.exposure in {"all", "internet"}
	listener.port in input.parameters.ports
	why := sprintf("listens on %v (%v)", [listener.address, say.field(listener, "process", "unknown process")])
}
