//! Last sign-ins from lastlog(8) and wtmp(5), and from lastlog2 and wtmpdb, which took their place in Debian 13 and others.
//! By day: it tells no terminal and no address.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::identity_accounts::{LastSignIn, SignInState};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    accounts::User,
    look::{Found, Look},
    sqlite,
};

const LASTLOG: &str = "/var/log/lastlog";
/// Local accounts of people lie below; above are `nobody` and those of directories.
const MAX_UID: u64 = 60_000;

/// Length of one record of lastlog: time, 32 bytes of terminal, 256 of host.
const LASTLOG_RECORD: usize = 292;
/// Length of one record of wtmp on 64-bit Linux.
const WTMP_RECORD: usize = 384;
/// `USER_PROCESS` of utmp(5): a session began.
const USER_PROCESS: i16 = 7;

/// Databases with the newest sign-in of each account, and whether they keep all of them: sessions are cleared after a time.
const DATABASES: [(&str, &str, bool); 3] = [
    ("/var/lib/lastlog/lastlog2.db", "select Name, Time from Lastlog2 where Time > 0", true),
    ("/var/lib/wtmpdb/wtmp.db", SESSIONS, false),
    ("/var/log/wtmp.db", SESSIONS, false),
];
/// Type 3 is a session; times are in microseconds.
const SESSIONS: &str = "select User, max(Login) / 1000000 from wtmp where Type = 3 group by User";

/// What the files and databases say.
#[derive(Clone, Debug, Default)]
pub(super) struct SignIns {
    lastlog: Option<BTreeMap<u32, Timestamp>>,
    /// By name, from all that go by names.
    named: BTreeMap<String, Timestamp>,
    /// A database of last sign-ins holds some: who is not in it never signed in.
    is_listed: bool,
}

impl SignIns {
    pub(super) fn read(look: &mut Look<'_>, users: &[User]) -> Self {
        // The file has a hole for every uid without a record: those of directories may make it terabytes long.
        let last = users.iter().map(|user| u64::from(user.uid)).filter(|uid| *uid < MAX_UID).max();
        let length = (last.unwrap_or(0) + 1) * u64::try_from(LASTLOG_RECORD).unwrap_or(u64::MAX);
        let lastlog = match look.head(LASTLOG, length) {
            // Nobody ever signed in, or nothing writes the file: that cannot be told apart.
            Found::Here(bytes) if bytes.is_empty() => None,
            Found::Here(bytes) => Some(parse_lastlog(&bytes)),
            Found::Missing | Found::Unreadable => None,
        };
        let wtmp = look.bytes("/var/log/wtmp").here().map(|bytes| parse_wtmp(&bytes));
        let mut found = Self { lastlog, named: wtmp.unwrap_or_default(), is_listed: false };
        for (path, query, keeps_all) in DATABASES {
            found.add(look, path, query, keeps_all);
        }
        found
    }

    fn add(&mut self, look: &mut Look<'_>, path: &str, query: &str, keeps_all: bool) {
        let rows = sqlite::read(look, path, |database| {
            let mut statement = database.prepare(query)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<(String, i64)>>>()
        });
        for (name, seconds) in rows.here().unwrap_or_default() {
            let Ok(time) = Timestamp::from_second(seconds) else { continue };
            self.is_listed |= keeps_all;
            let newest = self.named.entry(name).or_insert(time);
            *newest = time.max(*newest);
        }
    }

    /// The last sign-in of one account.
    pub(super) fn of(&self, name: &str, uid: u32) -> LastSignIn {
        let recorded = self.lastlog.as_ref().and_then(|times| times.get(&uid));
        let is_listed = self.lastlog.is_some() || self.is_listed;
        match recorded.into_iter().chain(self.named.get(name)).max() {
            Some(time) => LastSignIn { state: SignInState::Known, date: Some(day(*time)) },
            None if is_listed && u64::from(uid) < MAX_UID => {
                LastSignIn { state: SignInState::Never, date: None }
            }
            None => LastSignIn { state: SignInState::Unknown, date: None },
        }
    }
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn parse_lastlog(bytes: &[u8]) -> BTreeMap<u32, Timestamp> {
    let records = bytes.chunks_exact(LASTLOG_RECORD).enumerate();
    records
        .filter_map(|(uid, record)| Some((u32::try_from(uid).ok()?, time_at(record, 0)?)))
        .collect()
}

fn parse_wtmp(bytes: &[u8]) -> BTreeMap<String, Timestamp> {
    let mut found: BTreeMap<String, Timestamp> = BTreeMap::new();
    for record in bytes.chunks_exact(WTMP_RECORD) {
        let kind = record.first_chunk::<2>().map(|bytes| i16::from_le_bytes(*bytes));
        // utmp(5): type 2 and padding 2, pid 4, line 32, id 4, user 32, host 256, exit 4, session 4, time 8.
        let (Some(name), Some(time)) = (record.get(44..76), time_at(record, 340)) else { continue };
        if kind != Some(USER_PROCESS) {
            continue;
        }
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let name = String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned();
        let newest = found.entry(name).or_insert(time);
        *newest = time.max(*newest);
    }
    found
}

fn time_at(record: &[u8], offset: usize) -> Option<Timestamp> {
    let bytes = record.get(offset..)?.first_chunk::<4>()?;
    let seconds = u32::from_le_bytes(*bytes);
    if seconds == 0 { None } else { Timestamp::from_second(i64::from(seconds)).ok() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use exhibit_plugin::local::testing;

    use super::*;

    /// As util-linux and wtmpdb make them.
    fn database(root: &Path, path: &str, text: &str) {
        let path = root.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        rusqlite::Connection::open(path).unwrap().execute_batch(text).unwrap();
    }

    #[test]
    fn the_databases_of_newer_systems_are_read() {
        let root = testing::planted(&[("/etc/hostname", "x")]);
        let job = testing::job(root.path());
        let read = || SignIns::read(&mut Look::new(&job), &[]);
        database(
            root.path(),
            "/var/lib/wtmpdb/wtmp.db",
            "create table wtmp(ID integer primary key, Type integer, User text not null, Login integer, Logout integer, TTY text, RemoteHost text, Service text) strict;
             insert into wtmp(Type, User, Login) values (1, 'reboot', 1795000000000000), (3, 'alice', 1700000000000000), (3, 'alice', 1795000000000000);",
        );
        assert_eq!(read().of("alice", 1000).date.unwrap().to_string(), "2026-11-18");
        // Sessions are cleared after a time, so nothing follows from one that is not there.
        assert_eq!(read().of("bob", 1001).state, SignInState::Unknown);
        assert_eq!(read().of("reboot", 1002).state, SignInState::Unknown);
        let lastlog2 = "/var/lib/lastlog/lastlog2.db";
        database(
            root.path(),
            lastlog2,
            "create table Lastlog2(Name text primary key, Time integer, TTY text, RemoteHost text, Service text) strict;
             insert into Lastlog2 values ('carol', 1800000000, 'pts/0', 'planted.example.org', 'sshd');",
        );
        assert_eq!(read().of("carol", 1003).date.unwrap().to_string(), "2027-01-15");
        assert_eq!(read().of("bob", 1001).state, SignInState::Never);
        assert_eq!(read().of("nobody", 65534).state, SignInState::Unknown);
        std::fs::write(root.path().join("var/lib/lastlog/lastlog2.db"), "cut off").unwrap();
        let mut look = Look::new(&job);
        assert_eq!(SignIns::read(&mut look, &[]).of("bob", 1001).state, SignInState::Unknown);
        let outcomes = testing::outcomes(&look.done());
        assert!(outcomes.iter().any(|line| line.starts_with(&format!("failed: {lastlog2}"))));
    }

    #[test]
    fn newest_record_wins_and_none_is_never_only_if_there_are_records() {
        let mut lastlog = vec![0; LASTLOG_RECORD * 3 + 5];
        lastlog[LASTLOG_RECORD * 2..LASTLOG_RECORD * 2 + 4]
            .copy_from_slice(&1_700_000_000_u32.to_le_bytes());
        let mut record = vec![0; WTMP_RECORD];
        record[0] = 7;
        record[44..47].copy_from_slice(b"bob");
        record[340..344].copy_from_slice(&1_800_000_000_u32.to_le_bytes());
        let mut boot = record.clone();
        boot[0] = 2;
        boot[44..47].copy_from_slice(b"sys");
        let signs = SignIns {
            lastlog: Some(parse_lastlog(&lastlog)),
            named: parse_wtmp(&[record, boot].concat()),
            is_listed: false,
        };
        assert_eq!(signs.of("carol", 2).date.unwrap().to_string(), "2023-11-14");
        assert_eq!(signs.of("bob", 2).date.unwrap().to_string(), "2027-01-15");
        assert_eq!(signs.of("sys", 1).state, SignInState::Never);
        assert_eq!(signs.of("nobody", 65534).state, SignInState::Unknown);
        assert_eq!(SignIns::default().of("bob", 1).state, SignInState::Unknown);
    }
}
