//! What follows from lists of backups.

use exhibit_plugin::local::testing;
use serde_json::json;

use super::*;

fn at(text: &str, bytes: Option<u64>) -> Backup {
    Backup {
        id: text.to_owned(),
        time: text.parse().unwrap(),
        host: "web1".into(),
        paths: vec!["/srv".into()],
        bytes,
    }
}

fn named() -> settings::Repository {
    serde_json::from_value(json!({"name": "n", "tool": "borg", "location": "sftp:nas:/r"})).unwrap()
}

fn facts(listing: Listing) -> (Repository, Vec<String>) {
    let job = testing::job("/");
    let mut look = Look::new(&job);
    let repository = of(&mut look, Opened { named: named(), listing: Ok(listing) });
    (repository, testing::outcomes(&look.done()))
}

#[test]
fn a_backup_from_the_future_is_not_a_success() {
    let backups = vec![at("2026-11-20T00:00:00Z", None), at("2030-01-01T00:00:00Z", None)];
    let (repository, outcomes) = facts(Listing { backups, ..Listing::default() });
    assert_eq!(repository.last_success.unwrap().to_string(), "2026-11-20T00:00:00Z");
    assert_eq!((repository.snapshots, repository.unusable), (Some(1), Some(1)));
    assert_eq!(repository.unusable_named[0].why, "claims a time in the future");
    assert!(outcomes[0].contains("in the future"));
}

#[test]
fn reach_counts_days_weeks_months_and_years_with_a_backup() {
    let days = ["2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"];
    let held = held(&days.map(|day| at(day, None)));
    assert_eq!(held, Held { days: 2, weeks: 1, months: 2, years: 2 });
}

#[test]
fn gaps_and_sizes_are_told_by_source() {
    let mut backups: Vec<Backup> = (10..=20)
        .filter(|day| *day != 17)
        .map(|day| at(&format!("2026-11-{day}T03:00:00Z"), Some(1000 + day)))
        .collect();
    backups.push(at("2026-11-21T03:00:00Z", Some(12)));
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let found = sources(backups, now);
    assert_eq!((found[0].days_missed, found[0].snapshots), (1, 11), "the 17th");
    assert_eq!((found[0].last_bytes, found[0].usual_bytes), (Some(12), Some(1015)));
    let alone = sources(vec![at("2026-11-01T00:00:00Z", None)], now);
    assert_eq!((alone[0].days_missed, alone[0].usual_bytes), (7, None));
}

#[test]
fn a_check_is_taken_from_a_schedule_only_where_it_can_mean_one_repository() {
    let schedule: Schedule = serde_json::from_value(json!({"name": "check.timer", "type": "timer",
        "tool": "borg", "expression": null, "action": "check", "enabled": true, "armed_since": null,
        "last_run": "2026-11-20T00:00:00Z", "last_result": "failure", "source": "x"}))
    .unwrap();
    let one = || facts(Listing::default()).0;
    let mut alone = [one()];
    checks_by_schedule(&mut alone, std::slice::from_ref(&schedule));
    assert_eq!(alone[0].last_check.as_ref().unwrap().result, JobResult::Failure);
    let mut two = [one(), one()];
    checks_by_schedule(&mut two, std::slice::from_ref(&schedule));
    assert_eq!(two[0].last_check, None);
}
