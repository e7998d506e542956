//! Reports of a hundred thousand findings in bounded memory. The tables are those of one host, repeated: what is measured is how a
//! report is written, not how findings are made.

use std::io::Seek as _;

use super::*;

const HOSTS: u64 = 10_000;
/// A report holds neither its rows nor its text in memory: as rows they would take several times as much.
const MOST: u64 = 48 << 20;

/// Ten thousand hosts with the rows of one.
fn crowd() -> Sample {
    let sample = sample();
    drop(sample.views());
    let mut tables = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let target: String =
        tables.query_row("SELECT target FROM findings LIMIT 1", [], |row| row.get(0)).unwrap();
    let at_once = tables.transaction().unwrap();
    for (table, key) in [("targets", "id"), ("document_rows", "target"), ("findings", "target")] {
        let mut columns = at_once.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
        let columns = columns.query_map([table], |row| row.get::<_, String>(0)).unwrap();
        let columns = columns.map(|column| match column.unwrap() {
            name if name == key => format!("printf('host:%032x', {HOSTS} + number)"),
            // Where an agent's runs go on: nobody speaks of these hosts again.
            name if ["line", "slot"].contains(&name.as_str()) => "NULL".to_owned(),
            name => name,
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        let copy = format!(
            "WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {HOSTS})
             INSERT INTO {table} SELECT {columns} FROM {table}, numbers WHERE {key} = ?1"
        );
        at_once.execute(&copy, [&target]).unwrap();
    }
    at_once.commit().unwrap();
    sample
}

/// A number of `/proc/self/status`, in bytes.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn a_hundred_thousand_findings_do_not_fill_memory() {
    let sample = crowd();
    let views = sample.views();
    // What a collector holds anyway, and what this process takes once.
    views.assess(sample.now()).unwrap();
    let mut scratch = Scratch::new(sample.dir.path()).unwrap();
    // The highest mark is set back to where memory is now.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS");
    let asked = ask(Kind::Findings, Format::Csv);
    let written = write(&views, &asked, sample.now(), scratch.file()).unwrap();
    let grown = memory("VmHWM").saturating_sub(before);
    let bytes = scratch.file().seek(std::io::SeekFrom::End(0)).unwrap();
    assert!(written.rows > 100_000, "{} rows", written.rows);
    assert!(grown < MOST, "{} MiB for a file of {} MiB", grown >> 20, bytes >> 20);
    assert!(bytes > 40 << 20, "{bytes} bytes are too few to tell");
}
