//! Sessions: wtmp and btmp (utmp(5)), and the databases that took their place (wtmpdb, lastlog2).

use std::io::{BufReader, Read};

use exhibit_plugin::kinds::logging_privileged_activity::Action;
use jiff::Timestamp;

use super::{Event, Ledger};
use crate::{
    look::{Found, Look},
    sqlite,
};

/// Length of one record on 64-bit Linux.
const RECORD: usize = 384;
const LOGIN_PROCESS: i16 = 6;
const USER_PROCESS: i16 = 7;
const WTMPDB: [&str; 2] = ["/var/lib/wtmpdb/wtmp.db", "/var/log/wtmp.db"];
const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";

pub(super) fn read(look: &mut Look<'_>, ledger: &mut Ledger) {
    records(look, ledger, "/var/log/wtmp", "wtmp", true);
    records(look, ledger, "/var/log/btmp", "btmp", false);
    for path in WTMPDB {
        let query =
            "select User, Login / 1000000 from wtmp where Type = 3 and Login / 1000000 >= ?1";
        if database(look, ledger, path, query, "wtmpdb") {
            break;
        }
    }
    database(
        look,
        ledger,
        LASTLOG2,
        "select Name, Time from Lastlog2 where Time >= ?1",
        "lastlog2",
    );
}

fn session(account: String, succeeded: bool) -> Event {
    let action = if account == "root" { Action::RootSignIn } else { Action::SignIn };
    Event { account, action, as_account: None, succeeded }
}

fn records(look: &mut Look<'_>, ledger: &mut Ledger, path: &str, name: &'static str, good: bool) {
    let Found::Here(file) = look.file(path) else { return };
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut record = [0; RECORD];
    let mut any = false;
    while reader.read_exact(&mut record).is_ok() {
        any = true;
        // utmp(5): type 2 and padding 2, pid 4, line 32, id 4, user 32, host 256, exit 4, session 4, time 8.
        let kind = record.first_chunk::<2>().map(|bytes| i16::from_le_bytes(*bytes));
        if kind != Some(USER_PROCESS) && (good || kind != Some(LOGIN_PROCESS)) {
            continue;
        }
        let (Some(user), Some(time)) = (record.get(44..76), record.get(340..344)) else { continue };
        let user = user.split(|byte| *byte == 0).next().unwrap_or_default();
        let Some(seconds) = time.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)) else {
            continue;
        };
        let Ok(time) = Timestamp::from_second(i64::from(seconds)) else { continue };
        ledger.add(time, session(String::from_utf8_lossy(user).into_owned(), good), name);
    }
    // An empty wtmp is what a host without sessions and one that stopped writing it both have.
    if any {
        ledger.source(name, true);
    }
}

fn database(
    look: &mut Look<'_>,
    ledger: &mut Ledger,
    path: &str,
    query: &str,
    name: &'static str,
) -> bool {
    let since =
        ledger.from.at(0, 0, 0, 0).in_tz("UTC").map_or(0, |time| time.timestamp().as_second());
    let found = sqlite::read(look, path, |database| {
        let mut statement = database.prepare(query)?;
        let rows = statement.query_map([since], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(String, i64)>>>()
    });
    let readable = match found {
        Found::Missing => return false,
        Found::Unreadable => false,
        Found::Here(rows) => {
            for (user, seconds) in rows {
                if let Ok(time) = Timestamp::from_second(seconds) {
                    ledger.add(time, session(user, true), name);
                }
            }
            true
        }
    };
    ledger.source(name, readable);
    true
}
