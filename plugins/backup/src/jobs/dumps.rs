//! A folder of dumps, archives and copied databases: which of them are whole, as far as their form tells, and how large.
//! It reads beginnings and ends; only the newest compressed dump is read through.

pub(crate) mod form;

use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::Unusable;
use exhibit_plugin::local::glob;
use jiff::SignedDuration;

use self::form::Form;
use super::folders::names;
use super::{Backup, Listing, Refusal, TOLERANCE, settings, whole_second};
use crate::look::{Found, Look};

/// What is still being written changes until then.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// Files that fit the pattern, and folders that hold a copied database: each whole one is a backup of the time it was
/// last written.
pub(super) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    // One dump that never ends must not take the time of the others.
    let end = Instant::now() + share;
    let folder = named.location.trim_end_matches('/');
    let pattern = named.pattern.as_deref().unwrap_or("*");
    let mut found = Vec::new();
    for name in names(look, folder)? {
        if !name.starts_with('.') && glob::matches(pattern, &name) {
            found.extend(one(look, folder, name));
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.backup.time));
    if let Some(newest) = found.first_mut().filter(|newest| newest.form == Form::Gzip) {
        newest.fault = through(look, folder, &newest.backup.id, end);
    }
    let mut listing = Listing { bytes: Some(0), ..Listing::default() };
    let (mut open, mut unknown) = (false, false);
    for One { backup, encrypted, fault, .. } in found {
        let size = backup.bytes.unwrap_or(0);
        listing.bytes = listing.bytes.map(|bytes| bytes.saturating_add(size));
        match fault {
            // Perhaps it is being written.
            Some(_) if is_fresh(look, &backup) => {}
            Some(why) => listing.unusable.push(Unusable { id: backup.id, why: why.to_owned() }),
            None => {
                open |= encrypted == Some(false);
                unknown |= encrypted.is_none();
                listing.backups.push(backup);
            }
        }
    }
    // One that lies open settles it; one of an unknown kind leaves it open.
    listing.encrypted = match (open, unknown || listing.backups.is_empty()) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    };
    Ok(listing)
}

fn is_fresh(look: &Look<'_>, backup: &Backup) -> bool {
    let age = look.job.now.duration_since(backup.time);
    age < QUIET && age > -TOLERANCE
}

struct One {
    backup: Backup,
    form: Form,
    encrypted: Option<bool>,
    fault: Option<&'static str>,
}

fn one(look: &mut Look<'_>, folder: &str, name: String) -> Option<One> {
    let path = format!("{folder}/{name}");
    let mut facts = look.facts(&path).here()?;
    let is_file = !facts.directory;
    let (form, fault) = if facts.directory {
        let (form, witness) = copied(look, &path)?;
        facts = look.facts(&witness).here()?;
        (form, None)
    } else {
        let Found::Here((start, end)) = ends(look, &path, facts.size) else { return None };
        let form = form::of(&start);
        (form, form.fault(&start, &end))
    };
    let backup = Backup {
        time: whole_second(facts.modified?),
        host: String::new(),
        paths: vec![family(&name)],
        bytes: is_file.then_some(facts.size),
        id: name,
    };
    Some(One { backup, encrypted: form.is_encrypted(), form, fault })
}

/// A folder that holds a copied database, and the file that its tool writes last.
fn copied(look: &Look<'_>, path: &str) -> Option<(Form, String)> {
    const LAST: [&str; 6] = [
        "xtrabackup_checkpoints",
        "mariadb_backup_checkpoints",
        "xtrabackup_info",
        "mariadb_backup_info",
        "backup_manifest",
        "toc.dat",
    ];
    let mut found = LAST.iter().map(|name| format!("{path}/{name}"));
    let witness = found.find(|path| look.host.exists(path))?;
    let names = look.host.names(path).ok().flatten().unwrap_or_default();
    let sealed = names.iter().any(|name| name.ends_with(".xbcrypt"));
    Some((if sealed { Form::Sealed } else { Form::Database }, witness))
}

/// Beginning and end of a file.
fn ends(look: &mut Look<'_>, path: &str, size: u64) -> Found<(Vec<u8>, Vec<u8>)> {
    let mut file = match look.file(path) {
        Found::Here(file) => file,
        Found::Missing => return Found::Missing,
        Found::Unreadable => return Found::Unreadable,
    };
    let (mut start, mut end) = (Vec::new(), Vec::new());
    let mut read = || {
        (&mut file).take(form::START).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(size.saturating_sub(form::END)))?;
        (&mut file).take(form::END).read_to_end(&mut end)
    };
    match read() {
        Ok(_) => Found::Here((start, end)),
        Err(error) => {
            look.seen.outcome(
                OutcomeKind::Failed,
                format!("{path} cannot be read: {error}"),
                format!("look at {path} on the host, for example with ls -l"),
            );
            Found::Unreadable
        }
    }
}

/// Reads a compressed dump to its end; what is wrong with it, if that can be told within bounds.
fn through(look: &mut Look<'_>, folder: &str, name: &str, end: Instant) -> Option<&'static str> {
    let path = format!("{folder}/{name}");
    let file = look.file(&path).here()?;
    let is_late = || Instant::now() >= end;
    form::through(flate2::read::MultiGzDecoder::new(std::io::BufReader::new(file)), &is_late)
}

/// Names that differ only by date, number or day of the week are the same thing at other times:
/// `app-2026-11-21.sql.gz` and `app-2026-11-22.sql.gz` are `app-*.sql`.
fn family(name: &str) -> String {
    const PACKED: [&str; 6] = [".gz", ".xz", ".bz2", ".zst", ".gpg", ".age"];
    const DAYS: [&str; 14] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
    ];
    let mut bare = name;
    while let Some(rest) = PACKED.iter().find_map(|end| bare.strip_suffix(end)) {
        bare = rest;
    }
    if let Some((rest, number)) = bare.rsplit_once('.')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.len() <= 3
    {
        // What savelog and logrotate append.
        bare = rest;
        while let Some(rest) = PACKED.iter().find_map(|end| bare.strip_suffix(end)) {
            bare = rest;
        }
    }
    let mut family = String::new();
    let mut word = String::new();
    let end = |word: &mut String, family: &mut String| {
        let day = DAYS.contains(&word.to_ascii_lowercase().as_str());
        family.push_str(if day { "*" } else { word.as_str() });
        word.clear();
    };
    for c in bare.chars() {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        end(&mut word, &mut family);
        if !c.is_ascii_digit() {
            family.push(c);
        } else if !family.ends_with('*') {
            family.push('*');
        }
    }
    end(&mut word, &mut family);
    // A date is one thing: *-*-*T*:*Z.
    let mut short = family.replace("*T*", "*").replace("*Z", "*");
    for between in ["-", "_", ".", ":"] {
        let long = format!("*{between}*");
        while short.contains(&long) {
            short = short.replace(&long, "*");
        }
    }
    short
}

#[cfg(test)]
mod tests;
