# METADATA
# title: No resolver goes round the filter
# description: Where one resolver filters, every other one does too.
# custom:
#   id: network.web_filtering.one_way_only
#   kind: network.web_filtering
#   controls:
#   - id: A.8.23
#     relation: supporting
#   - id: A.8.20
#     relation: context
#   severity: medium
#   freshness: 48
#   why: Programs take whichever resolver answers; one that does not filter undoes the other.
#   fix: Take the resolvers that do not filter out of the settings, or name those of your own
#     that filter in the parameters.
#   parameters:
#     filtering_resolvers: []
package exhibit.network.web_filtering.one_way_only

default verdict := "error"

default message := "whether every resolver filters is not known"

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

message := "no resolver here is known to filter" if verdict == "not_applicable"

message := "every resolver filters" if verdict == "pass"

message := "resolvers that do not filter stand beside one that does" if verdict == "fail"

not_applicable if {
	is_array(input.body.resolvers)
	count(filtering) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.resolvers)
	every resolver in input.body.resolvers {
		resolver.address in filtering
	}
}

items contains {"id": resolver.address, "why": "does not filter, and others do"} if {
	is_array(input.body.resolvers)
	some resolver in input.body.resolvers
	resolver.filtering == false
	not resolver.address in filtering
}

filtering contains resolver.address if {
	is_array(input.body.resolvers)
	some resolver in input.body.resolvers
	resolver.filtering == true
}

filtering contains resolver.address if {
	is_array(input.body.resolvers)
	some resolver in input.body.resolvers
	resolver.address in input.parameters.filtering_resolvers
}
