# METADATA
# title: Every asset is described well enough to be found
# description: Each asset has an id, a name and a type; machines also have system and architecture.
# custom:
#   id: asset.inventory.assets_described
#   kind: asset.inventory
#   controls:
#   - id: A.5.9
#     relation: supporting
#   - id: A.8.9
#     relation: context
#   severity: medium
#   freshness: 168
#   why: Nobody protects what nobody can name.
#   fix: Let the agent read the missing facts, or enter them at the provider.
package exhibit.asset.inventory.assets_described

default verdict := "error"

default message := "the list of assets is missing or broken"

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

message := "the target has no assets" if verdict == "not_applicable"

message := "every asset is described" if verdict == "pass"

message := "facts about assets are missing" if verdict == "fail"

not_applicable if {
	is_array(input.body.assets)
	count(input.body.assets) == 0
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.assets)
	every asset in input.body.assets {
		is_string(asset.type)
		is_string(asset.id)
		is_string(asset.name)
	}
}

items contains {"id": asset.id, "why": why} if {
	is_array(input.body.assets)
	some asset in input.body.assets
	some field in ["id", "name", "type"]
	trim_space(asset[field]) == ""
	why := sprintf("has no %v", [field])
}

items contains {"id": asset.id, "why": why} if {
	is_array(input.body.assets)
	some asset in input.body.assets
	asset.type in {"host", "virtual_machine", "container"}
	some field in ["os", "architecture"]
	asset[field] == null
	why := sprintf("its %v is not known", [field])
}
