//! Restores a database to a server of its own, reads every table, compares the named ones, and wipes it all. A living
//! database is asked only where the test names a service for it, in sessions that cannot write.

mod barman;
mod copied;
mod mysql;
mod physical;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::{Fault, Restored, TableVerdict};

use super::cluster::{self, Cluster};
use super::mariadb::Mariadb;
use super::programs::Programs;
use super::rows;
use super::scratch::Scratch;
use crate::jobs::Refusal;
use crate::jobs::dumps::form::{self, Form};
use crate::look::Look;
use crate::settings::{self, RestoreTest};
use crate::tool::Tool;

/// A dump grows when it becomes a database; an empty one has some 40 MB.
const GROWTH: u64 = 6;
const EMPTY: u64 = 100 * 1024 * 1024;
/// Where a dump of one database goes.
pub(super) const INTO: &str = "restored";
const MIB: u64 = 1024 * 1024;

/// What a restore of a database showed.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) bytes: u64,
    pub(super) seconds: Option<u64>,
    pub(super) facts: Option<Restored>,
    pub(super) faults: Vec<Fault>,
    pub(super) error: Option<String>,
}

/// The newest backup, as far as a restore needs to know it.
pub(super) struct Wanted<'a> {
    pub(super) test: &'a RestoreTest,
    pub(super) named: &'a settings::Repository,
    pub(super) id: &'a str,
    pub(super) bytes: Option<u64>,
    pub(super) end: Instant,
}

impl Wanted<'_> {
    /// As whom a server runs that knows nothing but the dump.
    fn run_as(&self) -> &str {
        self.test.run_as.as_deref().unwrap_or("nobody")
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Refuses what is larger than the test allows.
    fn bound(&self, bytes: u64) -> Result<(), Refusal> {
        if bytes <= self.test.max_mib.saturating_mul(MIB) {
            return Ok(());
        }
        Err(Refusal::new(
            OutcomeKind::LimitExceeded,
            format!("the backup has {bytes} bytes, more than max_mib of the test allows"),
            "raise max_mib in the test; a database is restored as a whole",
        ))
    }
}

/// For the fuzzer: whether a catalogue of Barman is of its form.
pub(super) fn knows(text: &str) -> bool {
    barman::knows(text)
}

pub(super) fn restore(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    scratch: &Scratch,
    clock: Instant,
) -> Result<Shown, Refusal> {
    let mut shown = Shown::default();
    let restored = match &wanted.named.stanza {
        Some(stanza) => physical::restore(look, wanted, stanza, scratch, &mut shown)?,
        None if wanted.named.tool == settings::Tool::Barman => {
            barman::restore(look, wanted, scratch, &mut shown)?
        }
        None => from_dump(look, wanted, scratch, &mut shown)?,
    };
    shown.seconds = u64::try_from(clock.elapsed().as_millis().div_ceil(1000)).ok();
    let (raised, refused) = match restored {
        Ok(restored) => restored,
        Err(error) => {
            shown.error = Some(error);
            return Ok(shown);
        }
    };
    let (mut facts, unread) = match &raised {
        Raised::Postgres(cluster) => rows::read(look, cluster, wanted.test, wanted.left())?,
        Raised::Mariadb(server) => rows::mariadb::read(look, server, wanted.test, wanted.left())?,
    };
    let damaged = unread.len();
    shown.faults = unread;
    facts.refused = refused.count;
    for table in &facts.compared {
        let why = match table.verdict {
            TableVerdict::Missing => "did not come back",
            TableVerdict::Empty => "came back without a row",
            TableVerdict::Different => "has more or fewer rows than the test allows",
            TableVerdict::SameAsSource | TableVerdict::NearSource | TableVerdict::Restored => {
                continue;
            }
        };
        shown.faults.push(Fault { path: table.name.clone(), why: why.to_owned() });
    }
    shown.error = match (refused.first, facts.tables, shown.faults.len()) {
        _ if damaged > 0 => Some(format!("{damaged} tables cannot be read to their end")),
        (Some(first), _, _) => Some(format!("{} statements were refused: {first}", refused.count)),
        (None, 0, _) => Some("no table came back".to_owned()),
        (None, _, 0) => None,
        (None, _, wrong) => Some(format!("{wrong} named tables are not as they should be")),
    };
    shown.facts = Some(facts);
    Ok(shown)
}

/// A server with what came back and what it refused; or why nothing came back.
type Tried = Result<Result<(Raised, Refused), String>, Refusal>;

/// A server that came up with what was restored.
enum Raised {
    Postgres(Cluster),
    Mariadb(Mariadb),
}

/// Statements that a server refused.
#[derive(Debug, Default)]
struct Refused {
    count: u64,
    first: Option<String>,
}

fn from_dump(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    scratch: &Scratch,
    shown: &mut Shown,
) -> Tried {
    let path = format!("{}/{}", wanted.named.location.trim_end_matches('/'), wanted.id);
    let is_folder = look.host.exists(&format!("{path}/toc.dat"));
    let (mut file, mut kind) = (None, Form::Database);
    if copied::is_one(look, &path) {
        return copied::restore(look, wanted, &path, scratch, shown);
    }
    if !is_folder {
        let mut opened = look.file(&path).here().ok_or_else(|| gone(&path))?;
        kind = form_of(&mut opened, &path)?;
        shown.bytes = wanted.bytes.unwrap_or(0);
        if kind == Form::Gzip {
            let unpacked = unpack(opened, scratch, wanted)?;
            (opened, kind) = (unpacked, Form::Unknown);
            kind = form_of(&mut opened, &path).unwrap_or(kind);
        }
        file = Some(opened);
    } else if let Ok(Some(names)) = look.host.names(&path) {
        let sizes =
            names.iter().filter_map(|name| look.host.facts(&format!("{path}/{name}")).ok()?);
        shown.bytes = sizes.map(|facts| facts.size).sum();
    }
    wanted.bound(shown.bytes)?;
    scratch.demand(shown.bytes.saturating_mul(GROWTH).saturating_add(EMPTY))?;
    let run_as = wanted.run_as();
    if kind == Form::Mysql
        && let Some(file) = file
    {
        return mysql::restore(look, wanted, (&path, file), scratch);
    }
    let programs = Programs::find(look, wanted.test.programs.as_deref(), run_as)?
        .unconfined_if(wanted.test.unconfined);
    let folder = cluster::folder(&programs, scratch.path())?;
    let cluster = Cluster::empty(look, &programs, &folder, cluster::OWN, wanted.left())?;
    cluster.make_database(look, INTO, wanted.left())?;
    let refused = match (kind, file) {
        (Form::Postgres, Some(file)) => {
            look.seen.method(format!("psql -f {path} (to that server)"));
            let output = cluster.psql(look, INTO, file, false, wanted.left())?;
            refused(&output.stderr)?
        }
        (Form::Open | Form::Tar | Form::Database, _) => {
            pg_restore(look, &cluster, &programs, &path, wanted)?
        }
        (Form::Gzip | Form::Empty | Form::Mysql | Form::Sql | Form::Xz | Form::Zip, _)
        | (Form::Sealed | Form::Unknown | Form::Postgres, _) => {
            return Err(Refusal::new(
                OutcomeKind::NotConfigured,
                format!(
                    "{path} is no dump of PostgreSQL, MariaDB or MySQL that can be restored as it lies there"
                ),
                "name the dump by pattern and source; text and gzip of text can be tested, of PostgreSQL also custom, tar and folder forms",
            ));
        }
    };
    Ok(Ok((Raised::Postgres(cluster), refused)))
}

fn gone(path: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("{path} was there a moment ago and cannot be opened"),
        "let the test run when nothing rotates the dumps",
    )
}

fn form_of(file: &mut File, path: &str) -> Result<Form, Refusal> {
    let mut start = Vec::new();
    let read = (&mut *file).take(form::START).read_to_end(&mut start);
    read.and_then(|_| file.seek(SeekFrom::Start(0))).map_err(|_error| gone(path))?;
    Ok(form::of(&start))
}

/// Text that was packed; the file has no name and goes with its handle.
fn unpack(packed: File, scratch: &Scratch, wanted: &Wanted<'_>) -> Result<File, Refusal> {
    let failed = |error: std::io::Error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("the dump cannot be unpacked: {error}"),
            "look whether it was cut short, and whether the scratch folder has room",
        )
    };
    let mut inside = flate2::read::MultiGzDecoder::new(std::io::BufReader::new(packed));
    let mut file = tempfile::tempfile_in(scratch.path()).map_err(failed)?;
    let (mut piece, mut total) = (vec![0; 128 * 1024], 0_u64);
    loop {
        let length = inside.read(&mut piece).map_err(failed)?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
        file.write_all(read).map_err(failed)?;
        total = total.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        wanted.bound(total)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(file)
}

/// pg_restore reads archives and runs nothing in them, so it may run as the plugin, who can read the dump.
fn pg_restore(
    look: &mut Look<'_>,
    cluster: &Cluster,
    programs: &Programs,
    path: &str,
    wanted: &Wanted<'_>,
) -> Result<Refused, Refusal> {
    let program = programs.path("pg_restore");
    let mut words = cluster.words(INTO);
    words.extend(["--no-owner", "--no-acl", path].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    look.seen.method(format!("pg_restore --no-owner --no-acl {path} (to that server)"));
    let tool = Tool::new(&program, &words).timeout(wanted.left());
    let reads: &[&Path] = &[Path::new(path)];
    let output = programs.run(look, "pg_restore", &tool, (reads, cluster.folder()))?;
    if output.stderr.contains("unsupported version") {
        return Err(Refusal::new(
            OutcomeKind::ToolMissing,
            "the dump was made by a newer version of PostgreSQL than is installed here",
            "install that version, or name the folder of its programs in the test",
        ));
    }
    let refused = refused(&output.stderr)?;
    if refused.first.is_none() && !output.is_success() {
        let said = output.stderr.lines().find(|line| line.contains("error:"));
        let said = cluster::unquoted(said.unwrap_or("it ended badly").trim());
        return Ok(Refused { count: 1, first: Some(said) });
    }
    Ok(refused)
}

/// What a server refused, by what psql and pg_restore print. Roles belong to the old server and are not in a dump.
fn refused(stderr: &str) -> Result<Refused, Refusal> {
    let mut refused = Refused::default();
    for line in stderr.lines() {
        let Some((_, what)) = line.split_once("ERROR:") else { continue };
        let what = what.split(" at character ").next().unwrap_or_default().trim();
        if what.starts_with("role \"") && what.ends_with("does not exist") {
            continue;
        }
        if what.contains("extension \"") && what.ends_with("is not available")
            || what.contains("could not open extension control file")
        {
            return Err(Refusal::new(
                OutcomeKind::ToolMissing,
                "the dump needs an extension of PostgreSQL that is not installed here",
                "install the extensions of the old server, or test on a host that has them",
            ));
        }
        refused.count += 1;
        refused.first.get_or_insert_with(|| cluster::unquoted(what));
    }
    if stderr.contains("No space left on device") {
        return Err(full());
    }
    Ok(refused)
}

pub(super) fn full() -> Refusal {
    Refusal::new(
        OutcomeKind::LimitExceeded,
        "the scratch folder is full",
        "name a scratch folder with more room in the test",
    )
}

#[cfg(test)]
mod tests;
