# METADATA
# title: Something keeps harmful sites away
# description: A filter works here, or every resolver that is asked belongs to a service that
#   filters; what stands elsewhere in the network is not seen.
# custom:
#   id: network.web_filtering.harmful_sites_kept_away
#   kind: network.web_filtering
#   controls:
#   - id: A.8.23
#     relation: supporting
#   - id: A.8.7
#     relation: supporting
#   severity: medium
#   freshness: 48
#   why: Most malicious programs are fetched from sites that others know already.
#   fix: Ask a filtering resolver, send traffic through a filtering proxy, or name the resolvers
#     of your own that filter in the parameters.
#   parameters:
#     filtering_resolvers: []
package exhibit.network.web_filtering.harmful_sites_kept_away

import data.exhibit.lib.say

default verdict := "error"

default message := "whether the resolvers filter is not known; name those that do in the parameters"

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

message := "no resolver is asked beyond this target" if verdict == "not_applicable"

message := "harmful sites are kept away" if verdict == "pass"

message := "nothing keeps harmful sites away" if verdict == "fail"

not_applicable if {
	is_array(input.body.resolvers)
	is_array(input.body.filters)
	count(input.body.resolvers) == 0
	count(input.body.filters) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.filters)
	some filter in input.body.filters
	works(filter)
}

judgeable if {
	is_array(input.body.resolvers)
	is_array(input.body.filters)
	count(input.body.resolvers) > 0
	every resolver in input.body.resolvers {
		filtering(resolver)
	}
}

items contains {"id": resolver.address, "why": why} if {
	is_array(input.body.resolvers)
	is_array(input.body.filters)
	count(working) == 0
	some resolver in input.body.resolvers
	resolver.filtering == false
	not resolver.address in input.parameters.filtering_resolvers
	why := sprintf("the service %v answers for every site", [say.field(resolver, "service", "there")])
}

working contains filter.id if {
	some filter in input.body.filters
	works(filter)
}

# One that does not run filters nothing; one that is no program has no state.
works(filter) if {
	filter.filters == true
	not filter.active == false
}

filtering(resolver) if resolver.filtering == true

filtering(resolver) if resolver.address in input.parameters.filtering_resolvers
