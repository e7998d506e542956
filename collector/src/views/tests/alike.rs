//! How much is judged, counted: what was found of the same content before is not judged again.

use serde_json::json;

use super::packs::{OTHER, force, pack};
use super::*;

#[test]
fn an_unchanged_run_asks_only_rules_that_read_more_than_the_document() {
    let sample = Sample::new();
    force(&sample, &pack("restart", "offset", "#   capture: true\n"));
    let mut agents = [sample.enrol("web-1"), sample.enrol("web-2")];
    let views = sample.views();
    let mut run = |number: usize| {
        let before = (views.assessor().evaluated(), views.assessor().judged());
        sample.run(&mut agents[number], &[(KIND, patches(true)), (OTHER, json!({"off": 1}))], &[]);
        views.catch_up().unwrap();
        let after = (views.assessor().evaluated(), views.assessor().judged());
        (after.0 - before.0, after.1 - before.1)
    };
    assert_eq!(run(0), (2, 2));
    // The same content on another host: what was found of it is known.
    assert_eq!(run(1), (0, 2));
    // Nothing changed: only the document is looked at of which a rule reads how it was obtained.
    assert_eq!(run(0), (0, 1));
    assert_eq!(views.check().unwrap(), [""; 0]);
}

#[test]
fn another_pack_judges_only_what_it_says_otherwise() {
    let sample = Sample::new();
    force(&sample, &pack("restart", "offset", ""));
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(true)), (OTHER, json!({"off": 0}))], &[]);
    let views = sample.views();
    let judged = views.assessor().judged();
    force(&sample, &pack("please restart", "offset", ""));
    views.catch_up().unwrap();
    assert_eq!(views.assessor().judged() - judged, 1, "the rule about clocks is as it was");
    assert_eq!(views.check().unwrap(), [""; 0]);
}
