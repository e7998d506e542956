# METADATA
# title: The clock has a source
# description: One more rule, so that the pack is another.
# custom:
#   id: time.sync.bench
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   why: a clock that nothing sets drifts
#   fix: configure a time source
package exhibit.time.sync.bench

default verdict := "error"

verdict := "pass" if count(input.body.sources) > 0

verdict := "fail" if count(input.body.sources) == 0

message := "sources are counted"

items contains {"id": "none", "why": "no source"} if count(input.body.sources) == 0
