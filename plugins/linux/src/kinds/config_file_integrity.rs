//! `config.file_integrity` of a Linux host: what watches files, and which packaged files are not as delivered.
//!
//! It reads files to compare their sums and tells no content; it starts no check of another program but rpm's.

mod by_rpm;
mod monitors;
mod packaged;

use std::time::Duration;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::config_file_integrity::{Changed, Delivered, FileIntegrity, KIND},
};
use serde::Deserialize;

use crate::{
    gentle,
    look::{Found, Look},
    settings,
    tool::Tool,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/var/lib/dpkg/{status,diversions,info/*.md5sums} and the content of files they name",
        "the SQLite database of rpm and the content and modes of files it names (other forms: rpm -Va --nodeps --noscripts)",
        "/var/lib/aide/aide.db{,.gz}, /var/log/aide/aide.log (first 16 KiB), timers and cron jobs of AIDE",
        "/var/lib/tripwire/{*.twd,report/*.twr} (dates), /etc/default/debsums",
        "/sys/kernel/security/ima, /proc/cmdline (its ima_ words)",
        "ionice -c 3 -p (its own thread)",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH: packaged files, databases and reports that not everybody may read",
    ],
    observe,
};

/// The table `integrity` of the plugin's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Which packaged files are compared.
    scope: Scope,
    /// Bytes that are read, at most.
    megabytes: u64,
    /// Time that is spent, at most.
    seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Programs,
    All,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Self::Programs => "programs",
            Self::All => "all",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { scope: Scope::Programs, megabytes: 2048, seconds: 30 }
    }
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(settings) = settings::table::<Settings>(&mut look, "integrity") else {
        return look.done();
    };
    gentle::yield_to_others(&mut look);
    let monitors = monitors::all(&mut look);
    let rpm = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"].iter().any(|path| look.host.exists(path));
    let delivered = if look.host.exists(crate::debian::STATUS) {
        packaged::compare(&mut look, &settings)
    } else if rpm {
        match by_rpm::compare(&mut look, &settings) {
            Found::Here(delivered) => Some(delivered),
            Found::Unreadable => None,
            Found::Missing => by_rpm_itself(&mut look, &settings),
        }
    } else {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "there is no database of dpkg or rpm to compare files with",
            "observe a host whose packages dpkg or rpm installed; of others only monitors are told",
        );
        None
    };
    let rows = monitors.len() + delivered.as_ref().map_or(0, |delivered| delivered.changed.len());
    look.seen.document(FileIntegrity { monitors, delivered }, rows);
    look.done()
}

/// rpm's own comparison, for databases that are not SQLite; it reads everything, so it is bound by time only.
fn by_rpm_itself(look: &mut Look<'_>, settings: &Settings) -> Option<Delivered> {
    if !look.host.is_live() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "files of a tree are not compared with rpm's database, since rpm would run what is in the tree",
            "observe the running host with root '/'",
        );
        return None;
    }
    let tool = Tool::new("rpm", &["-Va", "--nodeps", "--noscripts"]).reads(&["/"]);
    // Its exit code only says that something differs.
    let output = look.run(&tool.timeout(Duration::from_secs(settings.seconds)))?;
    let changed: Vec<Changed> = output.stdout.lines().filter_map(rpm_line).collect();
    Some(Delivered {
        method: "rpm -Va".to_owned(),
        scope: Scope::All.word().to_owned(),
        files: 0,
        complete: true,
        changed,
        without_sums: Vec::new(),
    })
}

/// `S.5....T.  c /etc/foo` and `missing     /usr/bin/x`.
fn rpm_line(line: &str) -> Option<Changed> {
    let (flags, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (mark, path) = match rest.split_once(' ') {
        Some((mark, path)) if mark.len() == 1 => (mark, path.trim_start()),
        _ => ("", rest),
    };
    let flags_known = flags == "missing"
        || (flags.len() >= 8 && flags.bytes().all(|byte| b"SM5DLUGTPC.?".contains(&byte)));
    if !flags_known || !path.starts_with('/') {
        return None;
    }
    let change = match flags {
        "missing" => "missing",
        flags if flags.contains(['5', 'S']) => "content",
        // A date alone tells nothing.
        flags if flags.contains(['M', 'U', 'G', 'P', 'L', 'D']) => "attributes",
        _ => return None,
    };
    let path = path.trim_end_matches(" (replaced)");
    Some(Changed {
        path: crate::names::escaped(path.as_bytes()),
        package: None,
        change: change.to_owned(),
        configuration: mark == "c",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::testing;

    #[test]
    fn lines_of_rpm_are_told_apart() {
        let told = |line: &str| rpm_line(line).map(|one| (one.path, one.change, one.configuration));
        let row = |path: &str, change: &str, configuration| {
            Some((path.to_owned(), change.to_owned(), configuration))
        };
        assert_eq!(told("S.5....T.  c /etc/foo"), row("/etc/foo", "content", true));
        assert_eq!(told(".M.......    /usr/bin/x y"), row("/usr/bin/x y", "attributes", false));
        assert_eq!(told("missing     /usr/bin/z"), row("/usr/bin/z", "missing", false));
        assert_eq!(told("missing   c /etc/z"), row("/etc/z", "missing", true));
        assert_eq!(told(".......T.    /usr/bin/x"), None);
        assert_eq!(told("Unsatisfied dependencies for x:"), None);
    }

    #[test]
    fn a_monitor_without_a_baseline_or_schedule_is_told_as_such() {
        let root = testing::planted(&[
            ("/usr/bin/aide", ""),
            (
                "/var/log/aide/aide.log",
                "AIDE found differences between database and filesystem!!\n/etc/SECRET\n",
            ),
            ("/usr/lib/systemd/system/dailyaidecheck.timer", "[Timer]\n"),
        ]);
        let seen = observe(&testing::job(root.path()));
        let body = testing::body(KIND, &seen);
        let aide = &body["monitors"][0];
        assert_eq!((&aide["has_baseline"], &aide["scheduled"]), (&json!(false), &json!(false)));
        assert_eq!(aide["last_result"], "differences");
        assert_eq!(body["delivered"], json!(null));
        assert!(!body.to_string().contains("SECRET"));
        assert_eq!(testing::outcomes(&seen).len(), 1);
    }
}
