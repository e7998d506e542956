//! The same for MariaDB: count and checksum of every table. It never writes.

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::{Fault, Restored};

use super::super::mariadb::{CLIENT, Mariadb, file, unsaid};
use super::{Compared, INTO, Sums, unanswered};
use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::settings::RestoreTest;
use crate::tool::{Output, Tool, run};

const VERSION: &str = "select json_array(version());\n";
/// Not views, which hold nothing, and not the tables of the server itself.
const TABLES: &str = "select json_array(table_schema, table_name) from information_schema.tables where table_type in ('BASE TABLE', 'SYSTEM VERSIONED') and table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys') order by table_schema, table_name;\n";
const OWN: &str = "select json_array(schema_name) from information_schema.schemata where schema_name not in ('information_schema', 'mysql', 'performance_schema', 'sys');\n";

/// A database and a table of it.
type Name = (String, String);

/// What the server holds, and the tables that cannot be read to their end.
pub(in super::super) fn read(
    look: &mut Look<'_>,
    server: &Mariadb,
    test: &RestoreTest,
    left: Duration,
) -> Result<(Restored, Vec<Fault>), Refusal> {
    let asked = |look: &Look<'_>, script: &str| {
        let output = server.client(look, None, file(script)?, true, left)?;
        if output.stderr.is_empty() { Ok(output.stdout) } else { Err(unread(&output)) }
    };
    let version: Vec<(String,)> = rows(&asked(look, VERSION)?)?;
    let tables: Vec<Name> = rows(&asked(look, TABLES)?)?;
    let mut databases: Vec<(String,)> = rows(&asked(look, OWN)?)?;
    // It is there in any case.
    databases.retain(|(name,)| name != INTO || tables.iter().any(|(database, _)| database == name));
    let output = server.client(look, None, file(&script(&tables))?, true, left)?;
    let counts = counts(&tables, &output.stdout);
    let living = living(look, test, left);
    let mut compared = Compared::new(test, living.as_ref());
    let mut facts = Restored {
        engine: "mariadb".to_owned(),
        version: version.into_iter().next().map(|(version,)| version).unwrap_or_default(),
        databases: u64::try_from(databases.len()).unwrap_or(u64::MAX),
        tables: u64::try_from(tables.len()).unwrap_or(u64::MAX),
        rows: 0,
        refused: 0,
        compared: Vec::new(),
    };
    let mut faults = Vec::new();
    for (database, table) in &tables {
        let name = format!("{database}.{table}");
        // A damaged table may be counted by an index that is whole, and has no sum then.
        let Some((count, sum)) = counts.get(&name).filter(|(_, sum)| !sum.is_empty()) else {
            faults.push(Fault { path: name, why: "cannot be read to its end".to_owned() });
            continue;
        };
        facts.rows = facts.rows.saturating_add(*count);
        if test.tables.contains(&name) {
            compared.add(&name, &name, *count, Some(&(*count, sum.clone())));
        }
    }
    let unread: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    facts.compared = compared.end(&unread);
    Ok((facts, faults))
}

/// Counts the rows of each table, then reads all of them for a sum, whatever the table's engine remembers.
fn script(tables: &[Name]) -> String {
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let mut script = "start transaction read only;\n".to_owned();
    for (index, (database, table)) in tables.iter().enumerate() {
        let table = format!("{}.{}", quoted(database), quoted(table));
        script.push_str(&format!(
            "select json_array({index}, count(*)) from {table};\nchecksum table {table} extended;\n"
        ));
    }
    script
}

/// What the server answered: a line `[index, count]` and a line that ends with the sum, `NULL` where there is none.
fn counts(tables: &[Name], text: &str) -> Sums {
    let mut counts = BTreeMap::new();
    let mut last = None;
    for line in text.lines() {
        if let Ok((index, count)) = serde_json::from_str::<(usize, u64)>(line) {
            last = tables.get(index).map(|(database, table)| format!("{database}.{table}"));
            counts.extend(last.clone().map(|name| (name, (count, String::new()))));
        } else if let Some((_, sum)) = line.rsplit_once('\t')
            && sum.parse::<u64>().is_ok()
            && let Some(known) = last.take().and_then(|name| counts.get_mut(&name))
        {
            sum.clone_into(&mut known.1);
        }
    }
    counts
}

/// The named tables of the living server, by an account that an option file names; none where no service is named.
fn living(look: &mut Look<'_>, test: &RestoreTest, left: Duration) -> Option<Sums> {
    let service = test.live_service.as_ref()?;
    look.seen.method(format!(
        "mariadb (group client_{service}, read only): count and checksum of the named tables"
    ));
    let split = |name: &String| name.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let names: Vec<Name> = test.tables.iter().filter_map(split).collect();
    let asked = file(&script(&names)).and_then(|input| {
        // Where options come from must be said first.
        let file = test.live_service_file.as_ref();
        let mut words: Vec<String> =
            file.iter().map(|file| format!("--defaults-file={}", file.display())).collect();
        words.push(format!("--defaults-group-suffix=_{service}"));
        words.extend(CLIENT.iter().map(|word| (*word).to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let tool = Tool::new("mariadb", &words).input(input).timeout(left / 3);
        let tool = if file.is_some() {
            tool.reads(&[])
        } else {
            tool.reads(&["/etc/mysql", "/etc/my.cnf"])
        };
        let output = run(&tool, look.job).map_err(|error| unrun(&error, "mariadb-client-core"))?;
        // A table that is not there is no reason to give up; not to be let in is.
        if output.is_success() { Ok(counts(&names, &output.stdout)) } else { Err(unread(&output)) }
    });
    match asked {
        Ok(sums) => Some(sums),
        Err(refusal) => {
            let by = format!("mariadb --defaults-group-suffix=_{service}");
            unanswered(look, test, refusal.outcome, &by);
            None
        }
    }
}

fn unread(output: &Output) -> Refusal {
    let said = output.stderr.lines().find(|line| line.starts_with("ERROR"));
    Refusal::new(
        OutcomeKind::Failed,
        format!(
            "the tables could not be counted: mariadb: {}",
            unsaid(said.unwrap_or("no answer"))
        ),
        "look at the tables by hand",
    )
}

/// One JSON array a line.
fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>, Refusal> {
    let rows: Result<Vec<T>, _> = text.lines().map(serde_json::from_str).collect();
    rows.map_err(|_data| {
        Refusal::new(
            OutcomeKind::Failed,
            "the tables could not be counted: mariadb printed something else than rows",
            "look at the tables by hand",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_a_sum_was_not_read_and_its_name_moves_nothing() {
        let name = |table: &str| ("[0, 99]".to_owned(), table.to_owned());
        let tables = [name("a"), name("b"), name("c`d")];
        let text = "[0, 5]\n[0, 99].a\t77\n[1, 6]\n[0, 99].b\tNULL\n[2, 7]\n[0, 99].c`d\t0\n";
        let found = counts(&tables, text);
        let of = |table: &str| found.get(&format!("[0, 99].{table}")).cloned().unwrap();
        assert_eq!(of("a"), (5, "77".to_owned()));
        assert_eq!(of("b"), (6, String::new()));
        assert_eq!(of("c`d"), (7, "0".to_owned()));
        assert!(script(&tables).contains("`[0, 99]`.`c``d`"));
    }
}
