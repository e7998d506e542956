//! The program brings other rules than it did: the organisation's own stay on top.

use exhibit_proto::statement::RulePackInForce;

use super::*;
use crate::app::rules::{Steward, at_start};
use crate::config;
use crate::identity::Collector;
use crate::packs::{LoggedPack, history, in_force, open_proposal};
use crate::requests::PackGiven;
use crate::views::sample::{ORIGIN, Sample};

fn steward(sample: &Sample, second_person: bool) -> Steward {
    let collector = Collector::new(ORIGIN, sample.log_key.clone()).unwrap();
    let log = (sample.writer.clone(), sample.reader.clone());
    Steward::new(collector, log, config::Rules { second_person, ..config::Rules::default() })
}

fn run<T>(act: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act)
}

/// The shipped pack of an older program: without its last rule.
fn older() -> RulePack {
    let shipped = RulePack::builtin().unwrap();
    let last = shipped.rules().last().unwrap().path.clone();
    let files = shipped.sources().iter().filter(|(path, _)| *path != last).cloned();
    RulePack::from_sources(files.collect()).unwrap()
}

fn now(sample: &Sample) -> LoggedPack {
    in_force(&history(&sample.reader).unwrap()).unwrap().clone()
}

#[test]
fn an_older_shipped_pack_makes_room_for_that_of_the_program() {
    for second_person in [false, true] {
        let sample = Sample::new();
        let older = older();
        let digest = older.digest().parse().unwrap();
        let said = RulePackInForce::shipped("1", digest, 1, "exhibit-collector 0");
        let first = sample.rule_pack_of(&older, said);
        let steward = steward(&sample, second_person);
        run(at_start(&steward)).unwrap();
        let shipped = RulePack::builtin().unwrap();
        let packs = history(&sample.reader).unwrap();
        let newest = packs.last().unwrap();
        assert_eq!(newest.said.pack.to_string(), shipped.digest());
        assert_eq!(newest.pack(&sample.reader).unwrap().digest(), shipped.digest());
        if second_person {
            assert_eq!(open_proposal(&packs).unwrap().index, newest.index);
            assert_eq!(now(&sample).index, first);
        } else {
            assert_eq!(now(&sample).index, newest.index);
        }
        run(at_start(&steward)).unwrap();
        assert_eq!(history(&sample.reader).unwrap().len(), 2, "said once");
    }
}

#[test]
fn an_upgrade_puts_the_new_shipped_rules_below_the_organisations_own() {
    let sample = Sample::new();
    let steward = steward(&sample, false);
    let folder = super::activation::additions();
    let given = super::super::files::given(folder.path()).unwrap().unwrap();
    let older = older();
    sample.given_over(&given, &older);
    assert_eq!(now(&sample).pack(&sample.reader).unwrap().base(), Some(older.digest()));

    run(at_start(&steward)).unwrap();
    let shipped = RulePack::builtin().unwrap();
    let pack = now(&sample).pack(&sample.reader).unwrap();
    assert_eq!(pack.base(), Some(shipped.digest()));
    assert_eq!(pack.rules().len(), shipped.rules().len() + 1);
    let backup = pack.rule(&"backup.jobs.last_success_recent".parse().unwrap()).unwrap();
    assert_eq!(backup.parameters["max_hours"], 50);
    let said = now(&sample).said;
    assert!(said.by.starts_with("exhibit-collector "), "{}", said.by);
    assert_eq!(said.given.unwrap().pack.to_string(), given.digest());
}

#[test]
fn rules_that_do_not_go_with_a_new_program_leave_the_last_good_pack_in_force() {
    let sample = Sample::new();
    let steward = steward(&sample, false);
    // A rule that the newer shipped pack has, too.
    let shipped = RulePack::builtin().unwrap();
    let last = shipped.rules().last().unwrap().path.clone();
    let own = shipped.sources().iter().filter(|(path, _)| *path == last).cloned();
    let manifest = r#"{"version": "1", "extends": "builtin"}"#.to_owned();
    let files = own.chain([("pack.json".to_owned(), manifest)]).collect();
    let given = exhibit_assessment::GivenRules::from_sources(files).unwrap();
    let index = sample.given_over(&given, &older());
    run(at_start(&steward)).unwrap();
    assert_eq!(now(&sample).index, index);
    // A whole pack of one's own does not change with the program.
    let archive = Some(String::from_utf8(older().to_archive()).unwrap());
    let (by, reason) = ("ada".to_owned(), "ours".to_owned());
    run(steward.activate(PackGiven { archive, note: None, by, reason })).unwrap();
    let whole = now(&sample);
    run(at_start(&steward)).unwrap();
    assert_eq!(now(&sample), whole);
    assert_eq!(whole.said.given.unwrap().base, None);
}
