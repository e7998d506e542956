//! Compares files with the sums that the package database has of them, within a budget of bytes and time. It runs no tool and
//! changes nothing; sums on the same host tell an accident or a clumsy change, not a forger who also mends the sums.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use exhibit_plugin::{
    OutcomeKind,
    kinds::config_file_integrity::{Changed, Delivered},
};
use md5::{Digest, Md5};

use super::Settings;
use crate::{
    debian,
    host::ReadError,
    look::{Found, Look},
};

const INFO: &str = "/var/lib/dpkg/info";
/// Files that differ and are listed.
const LISTED: usize = 2000;
/// What starts programs, signs people in, or configures both.
const PROGRAMS: [&str; 10] = [
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/etc/",
    "/lib/systemd/",
    "/usr/lib/systemd/",
    "/usr/libexec/",
    "/boot/",
    "/usr/share/polkit-1/",
];

/// One file as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) digest: String,
    pub(super) method: Method,
    pub(super) package: String,
    pub(super) configuration: bool,
    /// Permissions it came with. None: the database does not tell.
    pub(super) mode: Option<u32>,
    /// Whether it may be gone.
    pub(super) optional: bool,
}

/// How a sum was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Md5,
    Sha256,
}

impl Sum {
    fn md5(digest: &str, package: &str, configuration: bool) -> Self {
        let (digest, package) = (digest.to_owned(), package.to_owned());
        Self { digest, method: Method::Md5, package, configuration, mode: None, optional: false }
    }
}

/// Compares; none when dpkg has no sums here.
pub(super) fn compare(look: &mut Look<'_>, settings: &Settings) -> Option<Delivered> {
    let Found::Here(names) = look.names(INFO) else { return None };
    let status = look.text(debian::STATUS).here()?;
    let diverted = diversions(&look.text("/var/lib/dpkg/diversions").here().unwrap_or_default());
    let (mut sums, mut without_sums) = conffiles(&status);
    let mut unreadable = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_suffix(".md5sums")) {
        let package = name.split(':').next().unwrap_or(name);
        let text = match look.host.text(&format!("{INFO}/{name}.md5sums")) {
            Ok(Some(text)) => text,
            // The run says it, once for each veto.
            Ok(None) | Err(ReadError::Vetoed { .. }) => continue,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        without_sums.retain(|known| known != package);
        for (path, md5) in lines(&text) {
            let path = match diverted.get(&path) {
                Some((_, by)) if by == package => path,
                Some((to, _)) => to.clone(),
                None => path,
            };
            // Most of what is delivered is documentation: sums that nobody compares are not kept.
            if settings.scope == super::Scope::All || is_program(&path) {
                sums.entry(path).or_insert_with(|| Sum::md5(md5, package, false));
            }
        }
    }
    look.seen.method(format!("{INFO}/*.md5sums, content of the files they name"));
    let mut delivered = Delivered {
        method: "dpkg md5sums".to_owned(),
        scope: settings.scope.word().to_owned(),
        files: u64::try_from(sums.len()).unwrap_or(u64::MAX),
        complete: unreadable.is_empty(),
        changed: Vec::new(),
        without_sums,
    };
    if let Some(first) = unreadable.first() {
        let others = unreadable.len() - 1;
        let detail =
            format!("{first}; {others} more lists of sums in {INFO} cannot be read either");
        look.seen.outcome(first.outcome(), detail, first.remedy());
    }
    check(look, settings, &sums, INFO, &mut delivered);
    Some(delivered)
}

pub(super) fn is_program(path: &str) -> bool {
    PROGRAMS.iter().any(|folder| path.starts_with(folder)) || path.contains("/security/pam_")
}

/// Sums of configuration files, and packages that are installed.
fn conffiles(status: &str) -> (BTreeMap<String, Sum>, Vec<String>) {
    let (mut sums, mut packages) = (BTreeMap::new(), Vec::new());
    for (_, fields) in debian::paragraphs(status) {
        let installed = fields.get("status").is_some_and(|text| text.ends_with(" installed"));
        let Some(package) = fields.get("package").filter(|_| installed) else { continue };
        packages.push(package.clone());
        for line in fields.get("conffiles").map(String::as_str).unwrap_or_default().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            // A file that a newer version no longer has is nobody's any more.
            if let [path, md5] = words.as_slice()
                && is_md5(md5)
            {
                sums.insert((*path).to_owned(), Sum::md5(md5, package, true));
            }
        }
    }
    (sums, packages)
}

fn is_md5(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn lines(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.lines().filter_map(|line| {
        let (md5, path) = line.split_once("  ")?;
        is_md5(md5).then(|| (format!("/{}", path.trim_start_matches('/')), md5))
    })
}

/// Where files went that another package took the place of: old place, new place and who did it.
fn diversions(text: &str) -> BTreeMap<String, (String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .chunks_exact(3)
        .filter_map(|three| {
            Some((
                three.first()?.to_string(),
                (three.get(1)?.to_string(), three.get(2)?.to_string()),
            ))
        })
        .collect()
}

/// Compares the files of `sums`, which stand in `source`.
pub(super) fn check(
    look: &mut Look<'_>,
    settings: &Settings,
    sums: &BTreeMap<String, Sum>,
    source: &str,
    delivered: &mut Delivered,
) {
    let seconds = Duration::from_secs(settings.seconds).min(look.job.remaining() * 4 / 5);
    let end = Instant::now() + seconds;
    let mut bytes_left = settings.megabytes.saturating_mul(1 << 20);
    let (mut denied, mut done, mut failed) = (0_usize, 0_u64, 0_usize);
    for (path, sum) in sums {
        if Instant::now() >= end || bytes_left == 0 {
            delivered.complete = false;
            look.seen.outcome(
                OutcomeKind::LimitExceeded,
                format!("{done} of {} files were compared with their sums, then the budget of {} seconds or {} MiB was spent", sums.len(), seconds.as_secs(), settings.megabytes),
                "raise integrity.seconds or integrity.megabytes in the settings, and the deadline of the run",
            );
            break;
        }
        done += 1;
        let change = match digest(look, path, sum.method) {
            Ok(Some((length, digest))) => {
                bytes_left = bytes_left.saturating_sub(length);
                if digest != sum.digest {
                    "content"
                } else if is_as_delivered(look, path, sum.mode) {
                    continue;
                } else {
                    "attributes"
                }
            }
            Ok(None) if sum.optional => continue,
            Ok(None) => "missing",
            Err(ReadError::Denied(_) | ReadError::Vetoed { .. }) => {
                denied += 1;
                continue;
            }
            // In its place is something else: a device, a folder.
            Err(ReadError::Kind { .. }) => "content",
            Err(ReadError::Io { .. } | ReadError::TooBig { .. }) => {
                failed += 1;
                continue;
            }
        };
        if delivered.changed.len() < LISTED {
            delivered.changed.push(Changed {
                path: crate::names::escaped(path.as_bytes()),
                package: Some(sum.package.clone()),
                change: change.to_owned(),
                configuration: sum.configuration,
            });
        } else {
            delivered.complete = false;
        }
    }
    tell(look, source, denied, failed, delivered);
}

/// Length and digest of a file.
fn digest(look: &Look<'_>, path: &str, method: Method) -> Result<Option<(u64, String)>, ReadError> {
    let mut md5 = Md5::new();
    let mut sha256 = sha2::Sha256::new();
    let length = look.host.stream(path, &mut |chunk| match method {
        Method::Md5 => md5.update(chunk),
        Method::Sha256 => sha256.update(chunk),
    })?;
    let digest = match method {
        Method::Md5 => hex::encode(md5.finalize()),
        Method::Sha256 => hex::encode(sha256.finalize()),
    };
    Ok(length.map(|length| (length, digest)))
}

fn is_as_delivered(look: &Look<'_>, path: &str, mode: Option<u32>) -> bool {
    let Some(mode) = mode else { return true };
    // A file that cannot be looked at was read a moment ago.
    look.host.facts(path).ok().flatten().is_none_or(|facts| facts.mode & 0o7777 == mode & 0o7777)
}

fn tell(
    look: &mut Look<'_>,
    source: &str,
    denied: usize,
    failed: usize,
    delivered: &mut Delivered,
) {
    if denied > 0 {
        delivered.complete = false;
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("{denied} packaged files may not be read, so they were not compared"),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    if failed > 0 {
        delivered.complete = false;
        look.garbled(source, &format!("{failed} files that it names could not be read"));
    }
    if delivered.changed.len() == LISTED {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{LISTED} files that differ are listed, there may be more"),
            "reinstall the packages named, then look again",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    const STATUS: &str = "Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n /etc/a 0cc175b9c0f1b6a831c399e269772661\n /etc/gone 0cc175b9c0f1b6a831c399e269772661\n /etc/old 0cc175b9c0f1b6a831c399e269772661 obsolete\n\nPackage: b\nStatus: install ok installed\nVersion: 1\n\nPackage: c\nStatus: deinstall ok config-files\nVersion: 1\n";

    fn see(settings: &Settings) -> (Delivered, usize) {
        let root = planted(&[
            ("/var/lib/dpkg/status", STATUS),
            ("/etc/a", "changed SECRET"),
            ("/etc/old", "x"),
            ("/usr/bin/same", "a"),
            ("/usr/bin/other", "b"),
            ("/usr/bin/moved.real", "a"),
            ("/usr/share/doc/x", "b"),
            (
                "/var/lib/dpkg/info/a.md5sums",
                "0cc175b9c0f1b6a831c399e269772661  usr/bin/same\n0cc175b9c0f1b6a831c399e269772661  usr/bin/other\n0cc175b9c0f1b6a831c399e269772661  usr/bin/moved\n0cc175b9c0f1b6a831c399e269772661  usr/share/doc/x\nnonsense\n",
            ),
            ("/var/lib/dpkg/diversions", "/usr/bin/moved\n/usr/bin/moved.real\nb\n"),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let delivered = compare(&mut look, settings).unwrap();
        (delivered, look.seen.outcomes().count())
    }

    #[test]
    fn files_that_differ_are_named_and_their_content_is_not() {
        let (delivered, outcomes) = see(&Settings::default());
        let told: Vec<_> = delivered
            .changed
            .iter()
            .map(|one| (one.path.as_str(), one.change.as_str(), one.configuration))
            .collect();
        assert_eq!(
            told,
            [
                ("/etc/a", "content", true),
                ("/etc/gone", "missing", true),
                ("/usr/bin/other", "content", false)
            ]
        );
        assert_eq!((delivered.files, delivered.complete, outcomes), (5, true, 0));
        assert_eq!(delivered.without_sums, ["b"]);
        assert!(!format!("{delivered:?}").contains("SECRET"));
        let all = Settings { scope: super::super::Scope::All, ..Settings::default() };
        assert_eq!(see(&all).0.changed.len(), 4);
    }

    #[test]
    fn a_spent_budget_is_said() {
        let (delivered, outcomes) = see(&Settings { megabytes: 0, ..Settings::default() });
        assert_eq!((delivered.complete, delivered.changed.len(), outcomes), (false, 0, 1));
    }
}
