//! Reads every table of a restored server, and compares the named ones with a living database. It never writes to either.

pub(super) mod mariadb;

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::{Fault, Restored, Table, TableVerdict};
use serde::de::DeserializeOwned;

use super::cluster::{Cluster, unquoted};
use super::database::INTO;
use super::mariadb::file;
use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::settings::RestoreTest;
use crate::tool::{Output, Tool, run};

const DATABASES: &str = "select json_build_array(datname, current_setting('server_version')) from pg_database where not datistemplate and datallowconn;\n";
/// Names all tables, then counts the rows of each, which reads every page; one that cannot be read is named only.
const COUNT: &str = "select json_build_array(n.nspname||'.'||c.relname, null) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_';
select format('select json_build_array(%L, count(*)) from %I.%I', n.nspname||'.'||c.relname, n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' \\gexec
";
/// The text of a row must not depend on who asks. Sums do not depend on the order and keep nothing in memory.
const SUMS: &str = "set datestyle = 'ISO'; set timezone = 'UTC'; set extra_float_digits = 3; set bytea_output = 'hex'; set intervalstyle = 'postgres';\nselect format('select json_build_array(%L, count(*), coalesce(sum((''x''||substr(md5(t::text),1,16))::bit(64)::bigint::numeric),0)::text) from %I.%I t', n.nspname||'.'||c.relname, n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname||'.'||c.relname in (NAMES) \\gexec\n";

/// Rows and sum of a table.
type Sums = BTreeMap<String, (u64, String)>;

/// What the server holds, and the tables that cannot be read; the named ones are compared with the living database where
/// the test names one.
pub(super) fn read(
    look: &mut Look<'_>,
    cluster: &Cluster,
    test: &RestoreTest,
    left: Duration,
) -> Result<(Restored, Vec<Fault>), Refusal> {
    let mut facts = Restored {
        engine: "postgresql".to_owned(),
        version: String::new(),
        databases: 0,
        tables: 0,
        rows: 0,
        refused: 0,
        compared: Vec::new(),
    };
    let living = living(look, test, left);
    let mut compared = Compared::new(test, living.as_ref());
    let mut unread = Vec::new();
    let databases: Vec<(String, String)> = asked(look, cluster, "postgres", DATABASES, left)?;
    for (database, version) in databases {
        facts.version = version.split(' ').next().unwrap_or_default().to_owned();
        let (counts, failed) = counted(asked(look, cluster, &database, COUNT, left)?);
        unread.extend(failed.into_iter().map(|table| format!("{database}.{table}")));
        // These are there in any case.
        if matches!(database.as_str(), "postgres" | INTO) && counts.is_empty() {
            continue;
        }
        facts.databases += 1;
        let of_here =
            |table: &&String| test.tables.iter().any(|name| means(name, &database, table));
        let named: Vec<&String> = counts.iter().map(|(table, _)| table).filter(of_here).collect();
        let sums = match living {
            Some(_) => sums(asked(look, cluster, &database, &script(&named), left)?),
            None => Sums::new(),
        };
        for (table, rows) in &counts {
            facts.tables += 1;
            facts.rows = facts.rows.saturating_add(*rows);
            if of_here(&table) {
                compared.add(&format!("{database}.{table}"), table, *rows, sums.get(table));
            }
        }
    }
    let names: Vec<&str> = unread.iter().map(String::as_str).collect();
    facts.compared = compared.end(&names);
    let fault = |path| Fault { path, why: "cannot be read to its end".to_owned() };
    Ok((facts, unread.into_iter().map(fault).collect()))
}

/// Tables with their rows, and those that were named and not counted.
fn counted(lines: Vec<(String, Option<u64>)>) -> (Vec<(String, u64)>, Vec<String>) {
    let mut found: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for (table, rows) in lines {
        let entry = found.entry(table).or_default();
        *entry = rows.or(*entry);
    }
    let failed = found.iter().filter(|(_, rows)| rows.is_none()).map(|(table, _)| table.clone());
    let failed = failed.collect();
    (found.into_iter().filter_map(|(table, rows)| Some((table, rows?))).collect(), failed)
}

/// The tables that a test names, as far as they were found.
struct Compared<'a> {
    test: &'a RestoreTest,
    living: Option<&'a Sums>,
    tables: Vec<Table>,
}

impl<'a> Compared<'a> {
    fn new(test: &'a RestoreTest, living: Option<&'a Sums>) -> Self {
        Self { test, living, tables: Vec::new() }
    }

    /// One that came back, and what the living database calls it.
    fn add(&mut self, name: &str, there: &str, rows: u64, sum: Option<&(u64, String)>) {
        let source = self.living.and_then(|living| living.get(there));
        self.tables.push(Table {
            name: name.to_owned(),
            rows: Some(rows),
            source_rows: source.map(|(rows, _)| *rows),
            verdict: verdict(rows, sum, source, self.test.drift_percent),
        });
    }

    /// All of them; those that did not come back are missing, unless they are there and cannot be read.
    fn end(mut self, unread: &[&str]) -> Vec<Table> {
        for wanted in &self.test.tables {
            let ends = |name: &str| name == wanted || name.ends_with(&format!(".{wanted}"));
            let is_known = self.tables.iter().any(|table| ends(&table.name));
            if !is_known && !unread.iter().any(|name| ends(name)) {
                self.tables.push(Table {
                    name: wanted.clone(),
                    rows: None,
                    source_rows: None,
                    verdict: TableVerdict::Missing,
                });
            }
        }
        self.tables
    }
}

/// Whether a test means this table: `schema.table` of any database, or with the database in front.
fn means(wanted: &str, database: &str, table: &str) -> bool {
    wanted == table
        || wanted
            .strip_prefix(database)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest == table)
}

fn verdict(
    rows: u64,
    sum: Option<&(u64, String)>,
    source: Option<&(u64, String)>,
    drift: u8,
) -> TableVerdict {
    let Some(source) = source else {
        return if rows == 0 { TableVerdict::Empty } else { TableVerdict::Restored };
    };
    if sum == Some(source) {
        return TableVerdict::SameAsSource;
    }
    let most = u128::from(rows.max(source.0)) * u128::from(drift);
    if u128::from(rows.abs_diff(source.0)) * 100 <= most {
        TableVerdict::NearSource
    } else if rows == 0 {
        TableVerdict::Empty
    } else {
        TableVerdict::Different
    }
}

/// The settings refuse names with quotes and backslashes.
fn script(names: &[&String]) -> String {
    let mut literals: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    literals.push("''".to_owned());
    SUMS.replace("NAMES", &literals.join(", "))
}

fn sums(rows: Vec<(String, u64, String)>) -> Sums {
    rows.into_iter().map(|(table, count, sum)| (table, (count, sum))).collect()
}

/// The named tables of the living database, by an account that the service file names; none where no service is named.
fn living(look: &mut Look<'_>, test: &RestoreTest, left: Duration) -> Option<Sums> {
    let service = test.live_service.as_ref()?;
    // With the database in front a name is tried without it too: the service leads to one database.
    let bare = |name: &String| name.splitn(3, '.').count() == 3;
    let mut names: Vec<String> = test.tables.clone();
    names.extend(
        test.tables
            .iter()
            .filter(|name| bare(name))
            .filter_map(|name| name.split_once('.').map(|(_, rest)| rest.to_owned())),
    );
    let names: Vec<&String> = names.iter().collect();
    look.seen.method(format!(
        "psql (service {service}, read only): count and checksum of the named tables"
    ));
    let asked = file(&script(&names)).and_then(|input| {
        let mut tool =
            Tool::new("psql", &["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"])
                .env("PGSERVICE", service.clone())
                .env("PGCONNECT_TIMEOUT", "10")
                .env("PGAPPNAME", "exhibit restore test")
                .env("PGOPTIONS", "-c default_transaction_read_only=on")
                .input(input)
                .timeout(left / 3);
        if let Some(path) = &test.live_service_file {
            tool = tool.env("PGSERVICEFILE", path.to_string_lossy());
        }
        let output = run(&tool, look.job).map_err(|error| unrun(&error, "postgresql-client"))?;
        parsed(&output)
    });
    match asked {
        Ok(rows) => Some(sums(rows)),
        Err(refusal) => {
            unanswered(look, test, refusal.outcome, &format!("psql service={service}"));
            None
        }
    }
}

/// A living database that did not answer: the rest of the test still counts.
fn unanswered(look: &mut Look<'_>, test: &RestoreTest, outcome: OutcomeKind, by: &str) {
    let detail = format!("restore test '{}': the living database was not compared with", test.name);
    let remedy =
        format!("try {by} by hand; the account needs to read the named tables and nothing else");
    look.seen.outcome(outcome, detail, remedy);
}

fn asked<T: DeserializeOwned>(
    look: &Look<'_>,
    cluster: &Cluster,
    database: &str,
    script: &str,
    left: Duration,
) -> Result<Vec<T>, Refusal> {
    parsed(&cluster.psql(look, database, file(script)?, true, left)?)
}

/// One JSON array a line.
fn parsed<T: DeserializeOwned>(output: &Output) -> Result<Vec<T>, Refusal> {
    let unread = |why: &str| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("the tables could not be counted: {why}"),
            "name a superuser of the backup as database_account in the test, or look at the tables by hand",
        )
    };
    if !output.is_success() {
        return Err(unread(&format!("psql {}", unquoted(&output.fault()))));
    }
    let lines = output.stdout.lines().filter(|line| !line.is_empty());
    let rows: Result<Vec<T>, _> = lines.map(serde_json::from_str).collect();
    rows.map_err(|_data| unread("psql printed something else than rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_may_be_named_with_its_database() {
        assert!(means("public.t", "app", "public.t") && means("app.public.t", "app", "public.t"));
        assert!(
            !means("app.public.t", "other", "public.t") && !means("public.t", "app", "public.tt")
        );
    }

    #[test]
    fn a_living_database_may_have_gone_on_within_bounds() {
        let of = |rows: u64, sum: &str| (rows, sum.to_owned());
        let source = of(100, "7");
        for (restored, expected) in [
            (of(100, "7"), TableVerdict::SameAsSource),
            (of(100, "8"), TableVerdict::NearSource),
            (of(81, "8"), TableVerdict::NearSource),
            (of(79, "8"), TableVerdict::Different),
            (of(0, "0"), TableVerdict::Empty),
        ] {
            let found = verdict(restored.0, Some(&restored), Some(&source), 20);
            assert_eq!(found, expected, "{restored:?}");
        }
        let empty = of(0, "0");
        assert_eq!(verdict(0, Some(&empty), Some(&empty), 20), TableVerdict::SameAsSource);
        assert_eq!(verdict(0, None, None, 20), TableVerdict::Empty);
    }
}
