//! Text of mariadb-dump or mysqldump, to a MariaDB server of its own.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use exhibit_plugin::OutcomeKind;

use super::super::mariadb::{self, Mariadb, unsaid};
use super::super::programs::Programs;
use super::super::scratch::Scratch;
use super::{INTO, Raised, Refused, Tried, Wanted, full, gone};
use crate::jobs::Refusal;
use crate::jobs::dumps::form;
use crate::look::Look;

pub(super) fn restore(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    (path, mut dump): (&str, File),
    scratch: &Scratch,
) -> Tried {
    let mut start = Vec::new();
    let read = (&mut dump).take(form::START).read_to_end(&mut start);
    read.and_then(|_| dump.seek(SeekFrom::Start(0))).map_err(|_error| gone(path))?;
    let into = database(&String::from_utf8_lossy(&start));
    let programs = Programs::of_mariadb(look, wanted.test.programs.as_deref(), wanted.run_as())?
        .unconfined_if(wanted.test.unconfined);
    let folder = mariadb::folder(&programs, scratch.path())?;
    let server = Mariadb::empty(look, &programs, &folder, wanted.left())?;
    let make = mariadb::file(&format!("create database `{into}`;\n"))?;
    let made = server.client(look, None, make, false, wanted.left())?;
    if !made.stderr.is_empty() {
        return Err(super::super::server::start_failed(&unsaid(made.stderr.trim())));
    }
    look.seen.method(format!("mariadb < {path} (to that server)"));
    let output = server.client(look, Some(&into), dump, false, wanted.left())?;
    let refused = refused(&output.stderr)?;
    // What a dump set for every session, and what accounts it made, must not show in what is counted.
    let server = match server.anew(look, wanted.left()) {
        Ok(server) => server,
        Err(refusal) if refusal.outcome == OutcomeKind::Failed => return Ok(Err(refusal.detail)),
        Err(refusal) => return Err(refusal),
    };
    Ok(Ok((Raised::Mariadb(server), refused)))
}

/// The database that a dump of one says it was made of.
fn database(start: &str) -> String {
    let plain = |name: &&str| {
        let known = ["mysql", "sys", "information_schema", "performance_schema"];
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-$".contains(&byte);
        (1..=64).contains(&name.len()) && name.bytes().all(fits) && !known.contains(name)
    };
    let told = start.lines().filter(|line| line.starts_with("-- Host:"));
    let mut names = told.filter_map(|line| Some(line.split_once("Database:")?.1.trim()));
    names.next().filter(plain).unwrap_or(INTO).to_owned()
}

/// What a server refused, as the client tells it. Accounts and places in a log belong to the old server.
fn refused(stderr: &str) -> Result<Refused, Refusal> {
    let mut refused = Refused::default();
    for line in stderr.lines().filter(|line| line.starts_with("ERROR")) {
        let (place, what) = line.split_once(": ").unwrap_or((line, ""));
        let code = place.split(' ').nth(1).and_then(|code| code.parse::<u32>().ok());
        match code {
            // Accounts that are there already, and where another server goes on.
            Some(1396) => continue,
            Some(1193) if what.contains("'GTID_PURGED'") => continue,
            // A collation, a set of characters, an engine, a plugin, a type of column.
            Some(1273 | 1115 | 1286 | 1524 | 4161) => {
                return Err(Refusal::new(
                    OutcomeKind::ToolMissing,
                    format!("the dump needs what the server here does not have: {}", unsaid(what)),
                    "install the version of MariaDB that the dump was made for, or name the folder of its programs in the test; dumps of MySQL 8 that name its collations cannot be tested",
                ));
            }
            Some(1021 | 1114) => return Err(full()),
            _ if what.contains("Errcode: 28") => return Err(full()),
            Some(_) | None => {}
        }
        refused.count += 1;
        refused.first.get_or_insert_with(|| {
            format!(
                "{} ({})",
                unsaid(what),
                code.map_or("client".to_owned(), |code| code.to_string())
            )
        });
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_of_one_database_says_which() {
        let of = |name: &str| {
            database(&format!(
                "-- MariaDB dump 10.19\n--\n-- Host: localhost    Database: {name}\n-- ----\n"
            ))
        };
        assert_eq!(of("shop"), "shop");
        for odd in ["", "mysql", "a`; drop database x", "a b", "../x"] {
            assert_eq!(of(odd), INTO, "{odd}");
        }
    }

    #[test]
    fn a_refused_statement_is_told_by_its_code_and_without_data() {
        let stderr = "ERROR 1062 (23000) at line 3: Duplicate entry 'planted 'x' planted' for key 'PRIMARY'\nERROR 1396 (HY000) at line 9: Operation CREATE USER failed for 'root'@'localhost'\nERROR 1193 (HY000) at line 4: Unknown system variable 'GTID_PURGED'\nERROR at line 1: Unknown command '\\!'.\n";
        let found = refused(stderr).unwrap();
        assert_eq!((found.count, found.first.as_deref()), (2, Some("Duplicate entry … (1062)")));
        let stderr = "ERROR 1273 (HY000) at line 25: Unknown collation: 'utf8mb4_0900_ai_ci'\n";
        assert_eq!(refused(stderr).unwrap_err().outcome, OutcomeKind::ToolMissing);
        let stderr = "ERROR 1114 (HY000) at line 25: The table 't' is full\n";
        assert_eq!(refused(stderr).unwrap_err().outcome, OutcomeKind::LimitExceeded);
    }
}
