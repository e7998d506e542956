//! `logging.privileged_activity` of a Linux host: how often named accounts used sudo, su, ssh and root, by day, over the last
//! seven whole days. It tells no command, no address, and no name that this host does not know: people type passwords there.

mod audit;
mod journal;
mod messages;
mod syslog;
mod utmp;

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::kinds::logging_privileged_activity::{
    Action, Activity, ActivitySource, KIND, PrivilegedActivity, Window,
};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{accounts::Tables, look::Look};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "journalctl -o json of sudo, su, sshd, login, doas, pkexec",
        "/var/log/auth.log or /var/log/secure with older generations, .gz too",
        "/var/log/wtmp, /var/log/btmp",
        "/var/lib/wtmpdb/wtmp.db, /var/lib/lastlog/lastlog2.db",
        "/var/log/audit/audit.log and its older generations",
        "/etc/passwd",
    ],
    needs: &[
        "group systemd-journal or adm, or CAP_DAC_READ_SEARCH, for the journal, auth.log and btmp",
        "CAP_DAC_READ_SEARCH for /var/log/audit",
    ],
    observe,
};

const WINDOW_DAYS: i32 = 7;

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) account: String,
    pub(super) action: Action,
    pub(super) as_account: Option<String>,
    pub(super) succeeded: bool,
}

/// Day, account, action, as whom, source.
type Row = (Date, String, Action, Option<String>, &'static str);

/// What all sources add to.
struct Ledger {
    from: Date,
    to: Date,
    known: BTreeSet<String>,
    /// Times granted and refused.
    rows: BTreeMap<Row, (u64, u64)>,
    unknown: u64,
    sources: Vec<ActivitySource>,
    /// Oldest record of the source that is being read, and how many count.
    oldest: Option<Date>,
    records: u64,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let today = day(job.now);
    let tables = Tables::read(&mut look);
    let mut ledger = Ledger {
        from: today.saturating_sub(WINDOW_DAYS.days()),
        to: today.saturating_sub(1.days()),
        known: tables.users.iter().map(|user| user.name.clone()).collect(),
        rows: BTreeMap::new(),
        unknown: 0,
        sources: Vec::new(),
        oldest: None,
        records: 0,
    };
    journal::read(&mut look, &mut ledger);
    syslog::read(&mut look, &mut ledger);
    utmp::read(&mut look, &mut ledger);
    audit::read(&mut look, &mut ledger, &tables);
    if ledger.sources.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "no journal, authentication log, wtmp or audit log is kept here",
            "switch on journald or rsyslog, so that use of administrative rights is recorded",
        );
        return look.done();
    }
    let activity: Vec<Activity> = ledger
        .rows
        .into_iter()
        .map(|((day, account, action, as_account, source), (succeeded, failed))| Activity {
            day,
            account,
            action,
            as_account,
            succeeded,
            failed,
            source: source.to_owned(),
        })
        .collect();
    let rows = activity.len();
    let window = Window { from: ledger.from, to: ledger.to };
    let (unknown_principals, sources) = (ledger.unknown, ledger.sources);
    look.seen.document(PrivilegedActivity { window, activity, unknown_principals, sources }, rows);
    look.done()
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

impl Ledger {
    /// Counts an event. A name is told when this host knows it or has let it in; any other may be a password.
    fn add(&mut self, time: Timestamp, event: Event, source: &'static str) {
        let day = day(time);
        self.oldest = Some(self.oldest.map_or(day, |oldest| oldest.min(day)));
        if day < self.from || day > self.to {
            return;
        }
        self.records += 1;
        if !event.succeeded && !self.known.contains(&event.account) {
            self.unknown += 1;
            return;
        }
        let as_account =
            event.as_account.filter(|name| event.succeeded || self.known.contains(name));
        let key = (day, event.account, event.action, as_account, source);
        let (succeeded, failed) = self.rows.entry(key).or_default();
        if event.succeeded {
            *succeeded += 1;
        } else {
            *failed += 1;
        }
    }

    /// Ends a source.
    fn source(&mut self, name: &str, read: bool) {
        self.sources.push(ActivitySource {
            name: name.to_owned(),
            read,
            from: self.oldest.take(),
            records: std::mem::take(&mut self.records),
        });
    }
}

#[cfg(test)]
mod tests;
