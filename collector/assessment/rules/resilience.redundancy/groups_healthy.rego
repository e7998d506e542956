# METADATA
# title: What is held more than once is so now
# description: Every group of members that stand in for each other has all of them.
# custom:
#   id: resilience.redundancy.groups_healthy
#   kind: resilience.redundancy
#   controls:
#   - id: A.8.14
#     relation: direct
#   severity: high
#   freshness: 26
#   why: A mirror with one disk is a disk; the second failure is the one that hurts.
#   fix: Replace or bring back the missing member and let the group be rebuilt; while that lasts, it
#     survives nothing.
package exhibit.resilience.redundancy.groups_healthy

# The control asks for redundancy that meets availability; the rule sees whether it is there at this moment.

# Direct on A.8.14: a group that has lost a member has lost the redundancy that the control asks
# for.

default verdict := "error"

default message := "the state of some group is not known"

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

message := "nothing here is held more than once, or only its settings are seen" if verdict == "not_applicable"

message := "every group has its members" if verdict == "pass"

message := "groups lack members" if verdict == "fail"

not_applicable if {
	is_array(input.body.groups)
	every group in input.body.groups {
		group.state == "configured"
	}
}

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.groups)
	every group in input.body.groups {
		whole(group)
	}
}

items contains {"id": group.id, "why": why(group)} if {
	is_array(input.body.groups)
	some group in input.body.groups
	group.state in {"degraded", "failed"}
}

items contains {"id": group.id, "why": why(group)} if {
	is_array(input.body.groups)
	some group in input.body.groups
	group.state == "rebuilding"
	group.healthy < group.members
	is_number(group.healthy)
}

whole(group) if group.state in {"healthy", "configured"}

# All members work, and what they hold is compared anew. Where one is only being filled, the group survives nothing yet.
whole(group) if {
	group.state == "rebuilding"
	is_number(group.members)
	group.healthy >= group.members
}

why(group) := sprintf("%v, %v of %v members work", [group.state, group.healthy, group.members]) if {
	is_number(group.healthy)
	is_number(group.members)
} else := group.state
