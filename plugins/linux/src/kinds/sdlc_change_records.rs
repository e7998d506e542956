//! `sdlc.change_records` of a Linux host: what package managers and etckeeper recorded within the last 90 days. It keeps
//! names and numbers of packages, never a difference of a file.

mod apt;
mod etckeeper;
mod others;

use exhibit_plugin::kinds::sdlc_change_records::{
    Change, ChangeRecords, ChangeResult, ChangeSource, KIND,
};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{kinds::patch_status, look::Look};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/var/log/apt/history.log and its older generations",
        "/var/log/dpkg.log where apt keeps no history",
        "/var/lib/dnf/history.sqlite",
        "/var/log/zypp/history",
        "/var/log/pacman.log",
        "git log of /etc/.git (etckeeper)",
        "/etc/localtime",
    ],
    needs: &["CAP_DAC_READ_SEARCH for /etc/.git and the database of dnf"],
    observe,
};

const WINDOW_DAYS: u32 = 90;
const MAX_CHANGES: usize = 2000;

/// What the readers of single sources share.
struct Records {
    /// Nothing before it is kept.
    since: Timestamp,
    zone: TimeZone,
    changes: Vec<Change>,
    sources: Vec<ChangeSource>,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let zone = patch_status::zone(&mut look);
    let span = SignedDuration::from_hours(24 * i64::from(WINDOW_DAYS));
    let since = job.now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let mut records = Records { since, zone, changes: Vec::new(), sources: Vec::new() };
    apt::read(&mut look, &mut records);
    others::read(&mut look, &mut records);
    etckeeper::read(&mut look, &mut records);
    if records.sources.is_empty() && look.seen.outcomes().count() == 0 {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "no package manager that is known keeps a history here, and /etc is not under version control",
            "install etckeeper, or observe the system that changes this host",
        );
        return look.done();
    }
    let mut changes = records.changes;
    changes.retain(|change| change.at >= since);
    changes.sort_by_key(|change| std::cmp::Reverse(change.at));
    let total = changes.len();
    changes.truncate(MAX_CHANGES);
    let rows = changes.len();
    let body = ChangeRecords { window_days: WINDOW_DAYS, changes, sources: records.sources };
    look.seen.document(body, rows).expected(total);
    if total > rows {
        look.seen.truncated().outcome(
            OutcomeKind::LimitExceeded,
            format!("{total} changes are more than {MAX_CHANGES}; the oldest were left out"),
            "look for what changes this host so often",
        );
    }
    look.done()
}

impl Records {
    /// Notes that a source was read and how far back it goes.
    fn source(&mut self, name: &str, oldest: Option<Timestamp>, whole: bool) {
        self.sources.push(ChangeSource {
            name: name.to_owned(),
            oldest: oldest.map(|time| time.to_zoned(TimeZone::UTC).date()),
            complete: whole && oldest.is_some_and(|time| time <= self.since),
        });
    }
}

/// A change of packages out of counted actions, such as `install 2, upgrade 14`.
fn packages(
    source: &str,
    at: Timestamp,
    id: String,
    actor: Option<String>,
    actions: &[(&str, Vec<String>)],
) -> Change {
    let told = actions.iter().filter(|(_, names)| !names.is_empty());
    let summary: Vec<String> =
        told.map(|(word, names)| format!("{word} {}", names.len())).collect();
    let items: Vec<String> = actions.iter().flat_map(|(_, names)| names.clone()).collect();
    Change {
        at,
        id,
        source: source.to_owned(),
        kind: "packages".to_owned(),
        actor,
        automatic: None,
        summary: summary.join(", "),
        item_count: u64::try_from(items.len()).unwrap_or(u64::MAX),
        items,
        ticket: None,
        approved_by: Vec::new(),
        result: ChangeResult::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};
    use serde_json::Value;

    fn told(body: &Value) -> Vec<String> {
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
        let list = body["changes"].as_array().unwrap();
        list.iter()
            .map(|one| {
                ["at", "source", "actor", "summary", "result"].map(|key| text(one, key)).join(" | ")
            })
            .collect()
    }

    #[test]
    fn apt_says_who_asked_for_what() {
        let root = planted(&[
            (
                "/var/log/apt/history.log",
                "\nStart-Date: 2026-11-20  06:12:00\nCommandline: apt-get install x --token=PLANTED\nRequested-By: alice (1000)\n\
                 Install: x:amd64 (1.0), y:amd64 (2.0, automatic)\nUpgrade: z:amd64 (1, 2)\nEnd-Date: 2026-11-20  06:12:31\n\n\
                 Start-Date: 2026-11-21  06:00:00\nCommandline: /usr/bin/unattended-upgrade\nUpgrade: q:amd64 (1, 2)\n\
                 Error: Sub-process /usr/bin/dpkg returned an error code (1)\nEnd-Date: 2026-11-21  06:00:09\n\n\
                 Start-Date: 2026-11-22  06:00:00\nRemove: r:amd64 (1)\n",
            ),
            (
                "/var/log/apt/history.log.1",
                "Start-Date: 2026-01-02  06:00:00\nInstall: old:amd64 (1)\nEnd-Date: 2026-01-02  06:00:01\n",
            ),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(
            told(&body),
            [
                "2026-11-22T06:00:00Z | apt | - | remove 1 | unknown",
                "2026-11-21T06:00:00Z | apt | - | upgrade 1 | failure",
                "2026-11-20T06:12:00Z | apt | alice | install 2, upgrade 1 | success",
            ]
        );
        assert_eq!(body["changes"][1]["automatic"], true);
        assert_eq!(body["changes"][2]["items"], serde_json::json!(["x", "y", "z"]));
        assert_eq!(body["sources"][0]["oldest"], "2026-01-02");
        assert_eq!(body["sources"][0]["complete"], true);
        assert!(!body.to_string().contains("PLANTED"));
    }

    #[test]
    fn dnf_zypper_and_pacman_are_summarised() {
        let root = planted(&[
            (
                "/var/log/zypp/history",
                "# c\n2026-11-20 10:00:00|command|bob@host|'zypper' 'in' 'vim' 'PLANTED'|\n2026-11-20 10:00:05|install|vim|9.0|x86_64|bob@host|repo|sum|\n\
                 2026-11-20 10:00:06|remove |nano|7|x86_64|bob@host|\n",
            ),
            (
                "/var/log/pacman.log",
                "[2026-11-19T10:00:00+0100] [PACMAN] Running 'pacman -Syu PLANTED'\n[2026-11-19T10:00:01+0100] [ALPM] transaction started\n\
                 [2026-11-19T10:00:02+0100] [ALPM] upgraded bash (5.1 -> 5.2)\n[2026-11-19T10:00:03+0100] [ALPM] transaction completed\n",
            ),
            ("/var/lib/dnf/x", ""),
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\ncarol:x:1001:1001::/home/carol:/bin/sh\n"),
        ]);
        let database =
            rusqlite::Connection::open(root.path().join("var/lib/dnf/history.sqlite")).unwrap();
        database
            .execute_batch(
                "create table trans(id integer primary key, dt_begin integer, dt_end integer, user_id integer, cmdline text, state integer);
                 create table trans_item(id integer primary key, trans_id integer, item_id integer, action integer);
                 create table rpm(item_id integer unique, name text);
                 insert into trans values(7, 1795100000, 1795100100, 1001, 'install PLANTED', 1);
                 insert into trans values(8, 1795200000, 1795200100, 4294967295, null, 2);
                 insert into rpm values(1, 'vim'),(2, 'openssl');
                 insert into trans_item values(1, 7, 1, 1),(2, 8, 2, 6),(3, 8, 2, 7);",
            )
            .unwrap();
        drop(database);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(
            told(&body),
            [
                "2026-11-20T18:40:00Z | dnf | - | upgrade 1 | failure",
                "2026-11-20T10:00:05Z | zypper | bob | install 1, remove 1 | success",
                "2026-11-19T14:53:20Z | dnf | carol | install 1 | success",
                "2026-11-19T09:00:01Z | pacman | - | upgrade 1 | success",
            ]
        );
        assert!(!body.to_string().contains("PLANTED"));
    }

    #[test]
    fn a_host_without_any_history_says_so() {
        let observation = observe(&job(planted(&[]).path()));
        assert!(observation.body().is_none());
        assert!(outcomes(&observation)[0].starts_with("not_applicable"));
    }
}
