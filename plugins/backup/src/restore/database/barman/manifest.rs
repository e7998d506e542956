//! The manifest that PostgreSQL writes with a base backup, from version 13 on: a checksum of each file. It never replaces
//! reading the tables.

use std::path::Path;

use super::super::super::programs::Programs;
use super::super::Wanted;
use crate::jobs::Refusal;
use crate::look::Look;
use crate::tool::Tool;

/// What Barman leaves out, adds or changes when it restores.
const OTHER: [&str; 10] = [
    ".barman-recover.info",
    "log",
    "pg_log",
    "postgresql.auto.conf",
    "postgresql.auto.conf.origin",
    "postgresql.conf",
    "postgresql.conf.origin",
    "recovery.conf",
    "recovery.signal",
    "tablespace_map",
];

/// What differs from the manifest; none where nothing does, or where there is no manifest.
pub(super) fn check(
    look: &mut Look<'_>,
    programs: &Programs,
    folder: &Path,
    wanted: &Wanted<'_>,
) -> Result<Option<String>, Refusal> {
    let name = format!("backup_manifest.{}", wanted.id);
    let program = programs.path("pg_verifybackup");
    let path = folder.join("data").join(&name);
    if !path.is_file() || !Path::new(&program).is_file() {
        return Ok(None);
    }
    let (path, data) = (path.display().to_string(), folder.join("data").display().to_string());
    let mut words = vec!["-q", "-n", "-m", &path, "-i", &name];
    for name in OTHER {
        words.extend(["-i", name]);
    }
    words.push(&data);
    look.seen.method("pg_verifybackup (of the restored files)");
    let tool = Tool::new(&program, &words).folder(folder).timeout(wanted.left()).reads(&[]);
    let tool = programs.as_user(tool);
    let output = programs.run(look, "pg_verifybackup", &tool, (&[], folder))?;
    if output.is_success() {
        return Ok(None);
    }
    let faults = || output.stderr.lines().filter_map(|line| line.split_once("error: "));
    let first = faults().next().map_or_else(|| output.fault(), |(_, what)| plain(what));
    Ok(Some(format!("{} faults by the manifest of the backup: {first}", faults().count().max(1))))
}

/// Names of PostgreSQL's own files may be told; others may be anything.
fn plain(what: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || " \"_./-:()".contains(c);
    if what.len() < 200 && what.chars().all(fits) {
        what.to_owned()
    } else {
        super::cluster::unquoted(what)
    }
}
