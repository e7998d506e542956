//! Histories of dnf (SQLite), zypper and pacman. They keep no command line: people write tokens into those.

use std::collections::BTreeMap;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::sdlc_change_records::{Change, ChangeResult};
use jiff::{Timestamp, fmt::strtime};
use rusqlite::Connection;

use super::{Records, packages};
use crate::{
    accounts::Tables,
    kinds::patch_status,
    log_files,
    look::{Found, Look},
    sqlite,
};

const DNF: &str = "/var/lib/dnf/history.sqlite";
const DNF5: &str = "/usr/lib/sysimage/libdnf5/transaction_history.sqlite";
const ZYPPER: &str = "/var/log/zypp/history";
const PACMAN: &str = "/var/log/pacman.log";

pub(super) fn read(look: &mut Look<'_>, records: &mut Records) {
    dnf(look, records);
    if look.host.exists(DNF5) {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!("{DNF5} is the history of dnf5, which is not read yet"),
            "record changes of packages on this host by other means",
        );
    }
    zypper(look, records);
    pacman(look, records);
}

/// Actions of libdnf's history that bring about something; their counterparts (such as "upgraded") are left out.
const ACTIONS: [(i64, &str); 6] = [
    (1, "install"),
    (2, "downgrade"),
    (4, "obsolete"),
    (6, "upgrade"),
    (8, "remove"),
    (9, "reinstall"),
];

fn dnf(look: &mut Look<'_>, records: &mut Records) {
    if !look.host.exists(DNF) {
        return;
    }
    let tables = Tables::read(look);
    let since = records.since;
    if let Found::Here((changes, oldest)) =
        sqlite::read(look, DNF, |database| dnf_changes(database, since, &tables))
    {
        records.changes.extend(changes);
        let oldest = oldest.and_then(|seconds| Timestamp::from_second(seconds).ok());
        records.source("dnf", oldest, true);
    }
}

/// Transactions since a time, and when the oldest of all began.
fn dnf_changes(
    database: &Connection,
    since: Timestamp,
    tables: &Tables,
) -> rusqlite::Result<(Vec<Change>, Option<i64>)> {
    let mut changes = Vec::new();
    let oldest: Option<i64> =
        database.query_row("select min(dt_begin) from trans", [], |row| row.get(0))?;
    let mut names = database.prepare(
        "select i.action, r.name from trans_item i join rpm r on r.item_id = i.item_id where i.trans_id = ?1",
    )?;
    let mut transactions = database.prepare(
        "select id, dt_begin, user_id, state from trans where dt_begin >= ?1 order by id",
    )?;
    let mut rows = transactions.query([since.as_second()])?;
    while let Some(row) = rows.next()? {
        let (id, begin): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (user, state): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let mut actions: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let mut items = names.query([id])?;
        while let Some(item) = items.next()? {
            actions.entry(item.get(0)?).or_default().push(item.get(1)?);
        }
        let actions: Vec<(&str, Vec<String>)> = ACTIONS
            .iter()
            .map(|(code, word)| (*word, actions.remove(code).unwrap_or_default()))
            .collect();
        let Ok(at) = Timestamp::from_second(begin) else { continue };
        // 4294967295 stands for a service.
        let user = user.and_then(|uid| u32::try_from(uid).ok()).filter(|uid| *uid != u32::MAX);
        let actor = user.map(|uid| {
            let known = tables.users.iter().find(|user| user.uid == uid);
            known.map_or_else(|| uid.to_string(), |user| user.name.clone())
        });
        let mut change = packages("dnf", at, id.to_string(), actor, &actions);
        change.result = match state {
            Some(1) => ChangeResult::Success,
            Some(2) => ChangeResult::Failure,
            Some(_) | None => ChangeResult::Unknown,
        };
        changes.push(change);
    }
    Ok((changes, oldest))
}

/// Actions of one run, in the order of their words.
type Actions = BTreeMap<&'static str, Vec<String>>;

fn push(
    records: &mut Records,
    source: &str,
    run: &mut Option<(Timestamp, Option<String>, Actions)>,
) {
    let Some((at, actor, actions)) = run.take() else { return };
    if actions.is_empty() {
        return;
    }
    let actions: Vec<(&str, Vec<String>)> = actions.into_iter().collect();
    let mut change = packages(source, at, at.to_string(), actor, &actions);
    // Both write a line only after the package is in place.
    change.result = ChangeResult::Success;
    records.changes.push(change);
}

/// `time|install|name|version|architecture|user@host|…`, after `time|command|user@host|…`. Times are local.
fn zypper(look: &mut Look<'_>, records: &mut Records) {
    if !look.host.exists(ZYPPER) {
        return;
    }
    let (mut run, mut oldest) = (None, None);
    let zone = records.zone.clone();
    let mut done = Vec::new();
    let whole = log_files::each_line(look, ZYPPER, |line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [time, action, name, ..] = cells.as_slice() else { return true };
        let Some(at) = patch_status::local_time(time, &zone) else { return true };
        oldest = oldest.or(Some(at));
        let action = match *action {
            "install" => "install",
            "remove" => "remove",
            _ => {
                done.push(run.take());
                return true;
            }
        };
        let actor =
            cells.get(5).and_then(|who| who.split('@').next()).filter(|who| !who.is_empty());
        let (_, _, actions) =
            run.get_or_insert_with(|| (at, actor.map(str::to_owned), Actions::new()));
        actions.entry(action).or_default().push((*name).to_owned());
        true
    });
    done.push(run);
    done.into_iter().for_each(|mut run| push(records, "zypper", &mut run));
    records.source("zypper", oldest, whole);
}

/// `[2026-11-19T10:00:02+0100] [ALPM] upgraded bash (…)` between "transaction started" and "transaction completed".
fn pacman(look: &mut Look<'_>, records: &mut Records) {
    if !look.host.exists(PACMAN) {
        return;
    }
    let (mut run, mut oldest) = (None, None);
    let mut done = Vec::new();
    let whole = log_files::each_line(look, PACMAN, |line| {
        let Some((time, rest)) = line.strip_prefix('[').and_then(|line| line.split_once("] "))
        else {
            return true;
        };
        let at =
            strtime::parse("%Y-%m-%dT%H:%M:%S%z", time).ok().and_then(|t| t.to_timestamp().ok());
        let (Some(at), Some(message)) = (at, rest.strip_prefix("[ALPM] ")) else { return true };
        oldest = oldest.or(Some(at));
        let mut words = message.split_whitespace();
        let action = match words.next() {
            Some("installed") => "install",
            Some("upgraded") => "upgrade",
            Some("removed") => "remove",
            Some("downgraded") => "downgrade",
            Some("reinstalled") => "reinstall",
            Some("transaction") => {
                done.push(run.take());
                if words.next() == Some("started") {
                    run = Some((at, None, Actions::new()));
                }
                return true;
            }
            Some(_) | None => return true,
        };
        if let (Some((_, _, actions)), Some(name)) = (&mut run, words.next()) {
            actions.entry(action).or_default().push(name.to_owned());
        }
        true
    });
    done.push(run);
    done.into_iter().for_each(|mut run| push(records, "pacman", &mut run));
    records.source("pacman", oldest, whole);
}
