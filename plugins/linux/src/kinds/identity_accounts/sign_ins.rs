//! Last sign-ins from lastlog(8) and wtmp(5), by day. It tells no terminal and no address.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::identity_accounts::{LastSignIn, SignInState};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    accounts::User,
    look::{Found, Look},
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

/// What both files say.
#[derive(Clone, Debug, Default)]
pub(super) struct SignIns {
    lastlog: Option<BTreeMap<u32, Timestamp>>,
    wtmp: BTreeMap<String, Timestamp>,
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
        Self { lastlog, wtmp: wtmp.unwrap_or_default() }
    }

    /// The last sign-in of one account.
    pub(super) fn of(&self, name: &str, uid: u32) -> LastSignIn {
        let recorded = self.lastlog.as_ref().and_then(|times| times.get(&uid));
        match recorded.into_iter().chain(self.wtmp.get(name)).max() {
            Some(time) => LastSignIn { state: SignInState::Known, date: Some(day(*time)) },
            None if self.lastlog.is_some() && u64::from(uid) < MAX_UID => {
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
    use super::*;

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
            wtmp: parse_wtmp(&[record, boot].concat()),
        };
        assert_eq!(signs.of("carol", 2).date.unwrap().to_string(), "2023-11-14");
        assert_eq!(signs.of("bob", 2).date.unwrap().to_string(), "2027-01-15");
        assert_eq!(signs.of("sys", 1).state, SignInState::Never);
        assert_eq!(signs.of("nobody", 65534).state, SignInState::Unknown);
        assert_eq!(SignIns::default().of("bob", 1).state, SignInState::Unknown);
    }
}
