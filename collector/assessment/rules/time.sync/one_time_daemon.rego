# METADATA
# title: Exactly one program keeps the clock
# description: One time program runs, is switched on and has a source.
# custom:
#   id: time.sync.one_time_daemon
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Two programs pull the clock to and fro; one that is not switched on is gone after a
#     restart.
#   fix: Enable one of chrony, ntpsec and systemd-timesyncd, give it servers, and remove the others.
package exhibit.time.sync.one_time_daemon

default verdict := "error"

default message := "which time programs run could not be determined"

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

message := "the clock is kept by the machine around this one" if verdict == "not_applicable"

message := "one time program runs, is switched on and has a source" if verdict == "pass"

message := "time keeping is not set up well" if verdict == "fail"

not_applicable if input.body.kept_by_host == true

# What must be known before the absence of offending items means anything.
judgeable if {
	is_array(input.body.sources)
	is_array(input.body.daemons)
	every daemon in input.body.daemons {
		is_boolean(daemon.active)
	}
	every daemon in running {
		is_boolean(daemon.enabled)
	}
}

items contains {"id": "daemons", "why": "no time program runs"} if {
	is_array(input.body.daemons)
	every daemon in input.body.daemons {
		daemon.active == false
	}
}

items contains {"id": concat(", ", names), "why": "run at the same time"} if {
	names := {daemon.name | some daemon in running}
	count(names) > 1
}

items contains {"id": daemon.name, "why": "runs and is not switched on for the next start"} if {
	some daemon in running
	daemon.enabled == false
}

items contains {"id": "sources", "why": "no time source is configured"} if {
	is_array(input.body.sources)
	count(input.body.sources) == 0
}

running contains daemon if {
	is_array(input.body.daemons)
	some daemon in input.body.daemons
	daemon.active == true
}
