//! How a database of the host is read: without locks, without writing beside it, and through the file that was checked.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsRawFd,
};

use exhibit_plugin::OutcomeKind;
use rusqlite::{Connection, OpenFlags};

use crate::look::{Found, Look};

/// Largest database that is copied to take up what its log holds.
const MAX_COPY: u64 = 512 * 1024 * 1024;
/// What SQLite leaves beside a database whose last changes are not in it (write-ahead log, rollback journal).
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// Shows `use_it` the database at `path`. Unreadable: it is broken, or changed meanwhile; an outcome says so, and nothing that
/// `use_it` saw may be used.
pub(crate) fn read<T>(
    look: &mut Look<'_>,
    path: &str,
    use_it: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Found<T> {
    let mut file = match look.file(path) {
        Found::Here(file) => file,
        Found::Missing => return Found::Missing,
        Found::Unreadable => return Found::Unreadable,
    };
    let before = state(look, path);
    let pending = BESIDE.iter().any(|end| size(look, &format!("{path}{end}")) > 0);
    let result = if pending {
        copied(look, path, &mut file, use_it)
    } else {
        in_place(&file, use_it).map_err(|error| error.to_string())
    };
    if before != state(look, path) {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("{path} changed while it was read"),
            "nothing to do: the next run reads it again",
        );
        return Found::Unreadable;
    }
    match result {
        Ok(value) => Found::Here(value),
        Err(fault) => {
            look.garbled(path, &fault);
            Found::Unreadable
        }
    }
}

/// The name in `/proc` leads to the very file, so no link can lead elsewhere in between; `immutable` keeps SQLite from taking
/// locks and from looking for a journal beside it.
fn in_place<T>(
    file: &File,
    use_it: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let address = format!("file:/proc/self/fd/{}?immutable=1", file.as_raw_fd());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    use_it(&Connection::open_with_flags(address, flags)?)
}

/// A writer was interrupted or is still at work: SQLite puts the changes in place, in a copy of its own.
fn copied<T>(
    look: &mut Look<'_>,
    path: &str,
    file: &mut File,
    use_it: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, String> {
    let total: u64 =
        ["", "-wal", "-journal"].iter().map(|end| size(look, &format!("{path}{end}"))).sum();
    if total > MAX_COPY {
        return Err(format!(
            "its last changes are in a log beside it, and {total} bytes are too many to copy"
        ));
    }
    let folder = tempfile::tempdir().map_err(|error| format!("no place for a copy: {error}"))?;
    let copy = folder.path().join("database");
    let told = |error: io::Error| format!("it cannot be copied: {error}");
    let mut target = File::create(&copy).map_err(told)?;
    io::copy(file, &mut target).and_then(|_| target.flush()).map_err(told)?;
    for end in BESIDE {
        if let Found::Here(mut log) = look.file(&format!("{path}{end}")) {
            let mut target =
                File::create(folder.path().join(format!("database{end}"))).map_err(told)?;
            io::copy(&mut log, &mut target).map_err(told)?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    Connection::open_with_flags(&copy, flags)
        .and_then(|database| use_it(&database))
        .map_err(|error| error.to_string())
}

fn size(look: &Look<'_>, path: &str) -> u64 {
    look.host.facts(path).ok().flatten().map_or(0, |facts| facts.size)
}

/// Length and last change of the database and its log.
fn state(look: &Look<'_>, path: &str) -> Vec<(u64, Option<jiff::Timestamp>)> {
    let facts = |end| look.host.facts(&format!("{path}{end}")).ok().flatten();
    ["", "-wal"].iter().filter_map(facts).map(|facts| (facts.size, facts.modified)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::kinds::testing::{job, outcomes, planted};

    const PATH: &str = "/var/lib/x.sqlite";

    fn count(look: &mut Look<'_>) -> Found<i64> {
        read(look, PATH, |database| {
            database.query_row("select count(*) from t", [], |row| row.get(0))
        })
    }

    #[test]
    fn what_only_the_log_holds_is_read_and_the_host_is_left_alone() {
        let root = planted(&[("/var/lib/other", "")]);
        let place = root.path().join("var/lib/x.sqlite");
        let writer = Connection::open(&place).unwrap();
        writer
            .execute_batch("pragma journal_mode=wal; create table t (a); insert into t values (1);")
            .unwrap();
        writer
            .execute_batch("pragma wal_checkpoint(truncate); pragma wal_autocheckpoint=0;")
            .unwrap();
        writer.execute("insert into t values (2)", []).unwrap();
        let files = || {
            let list = fs::read_dir(root.path().join("var/lib")).unwrap();
            let mut list: Vec<_> = list.map(|one| fs::read(one.unwrap().path()).unwrap()).collect();
            list.sort();
            list
        };
        let before = files();
        let job = job(root.path());
        let mut look = Look::new(&job);
        assert_eq!(count(&mut look), Found::Here(2));
        assert_eq!(files(), before, "nothing was written beside the database");
        assert!(outcomes(&look.done()).is_empty());
        drop(writer);
        assert_eq!(count(&mut Look::new(&job)), Found::Here(2));
    }

    #[test]
    fn an_interrupted_change_is_taken_back() {
        let root = planted(&[("/var/lib/other", "")]);
        let place = root.path().join("var/lib/x.sqlite");
        let writer = Connection::open(&place).unwrap();
        writer.execute_batch("pragma cache_size=1; create table t (a);").unwrap();
        writer.execute_batch("insert into t values (1); begin;").unwrap();
        // More than the cache holds, so that half of it stands in the file while the journal has what was there.
        for _ in 0..400 {
            writer.execute("insert into t values (zeroblob(4000))", []).unwrap();
        }
        assert!(fs::metadata(root.path().join("var/lib/x.sqlite-journal")).unwrap().len() > 0);
        let copy = planted(&[("/var/lib/other", "")]);
        for name in ["x.sqlite", "x.sqlite-journal"] {
            let place = format!("var/lib/{name}");
            fs::copy(root.path().join(&place), copy.path().join(&place)).unwrap();
        }
        assert_eq!(count(&mut Look::new(&job(copy.path()))), Found::Here(1));
    }

    #[test]
    fn other_bytes_and_a_cut_database_are_named() {
        let root =
            planted(&[(PATH, "no database, but long enough to be looked at as if it were one")]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        assert_eq!(count(&mut look), Found::Unreadable);
        assert!(outcomes(&look.done())[0].starts_with("failed: /var/lib/x.sqlite: "));
        let place = root.path().join("var/lib/x.sqlite");
        fs::remove_file(&place).unwrap();
        let writer = Connection::open(&place).unwrap();
        writer
            .execute_batch("create table t (a); insert into t values (zeroblob(90000));")
            .unwrap();
        drop(writer);
        File::options().write(true).open(&place).unwrap().set_len(9_000).unwrap();
        let mut look = Look::new(&job);
        let sum = read(&mut look, PATH, |database| {
            database.query_row("select sum(length(hex(a))) from t", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(sum, Found::Unreadable);
        assert!(outcomes(&look.done())[0].starts_with("failed: /var/lib/x.sqlite: "));
    }
}
