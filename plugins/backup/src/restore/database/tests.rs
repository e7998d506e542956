//! Real dumps of a real server, restored to another; a real repository of pgBackRest.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use exhibit_plugin::Job;
use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::cluster::{self, Cluster};
use super::super::programs::Programs;
use super::super::{KIND, observe};
use crate::look::Look;

mod barman;
mod mariadb;

const MINUTE: Duration = Duration::from_secs(60);
const PLANTED: &str = "planted-row-4711";

/// A server with data, and a folder for its dumps.
struct Living {
    folder: tempfile::TempDir,
    programs: Programs,
    cluster: Cluster,
}

fn open(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Living {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let job = testing::job("/");
        let mut look = Look::new(&job);
        let programs = Programs::find(&look, None, "nobody").unwrap();
        let at = cluster::folder(&programs, folder.path()).unwrap();
        let cluster = Cluster::empty(&mut look, &programs, &at, "postgres", MINUTE).unwrap();
        open(folder.path());
        for name in ["dumps", "scratch"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let living = Self { folder, programs, cluster };
        living.sql("create role app; create role reader login; create table orders (id int primary key, note text); create table empty (id int); alter table orders owner to app; grant select on orders, empty to reader;");
        living.sql(&format!(
            "insert into orders select g, '{PLANTED}' from generate_series(1, 1000) g"
        ));
        living
    }

    fn sql(&self, text: &str) {
        let path = self.folder.path().join("script");
        fs::write(&path, format!("set search_path = public;\n{text}")).unwrap();
        let job = testing::job("/");
        let script = File::open(&path).unwrap();
        let output = self.cluster.psql(&Look::new(&job), "postgres", script, true, MINUTE).unwrap();
        assert_eq!(output.stderr, "");
    }

    fn dump(&self, program: &str, more: &[&str]) {
        let mut words = self.cluster.words("postgres");
        if program == "pg_dumpall" {
            words.truncate(6);
        }
        words.extend(more.iter().map(|word| (*word).to_owned()));
        let program = self.programs.path(program);
        let output = Command::new(program).args(words).current_dir(self.dumps()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn dumps(&self) -> PathBuf {
        self.folder.path().join("dumps")
    }

    fn job(&self, more: &Value) -> Job {
        let mut test = json!({"name": "app", "repository": "dumps", "tables": ["public.orders"],
            "scratch": self.folder.path().join("scratch")});
        test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut job = testing::job("/");
        job.now = Timestamp::now();
        job.settings = json!({"continuity": {"tests": [test]}, "backup": {"repositories": [
            {"name": "dumps", "tool": "files", "location": self.dumps()}]}});
        job
    }

    /// The test's facts and the outcomes. No data may leave, nothing may be left behind.
    fn tested(&self, more: &Value) -> (Value, Vec<String>) {
        said(&self.job(more), &self.folder.path().join("scratch"))
    }
}

fn said(job: &Job, scratch: &Path) -> (Value, Vec<String>) {
    let seen = observe(job);
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "scratch was not wiped");
    let all = format!("{:?} {:?} {:?}", seen.body(), seen.methods(), testing::outcomes(&seen));
    assert!(!all.contains("planted"), "{all}");
    let test = match seen.body() {
        Some(_) => testing::body(KIND, &seen)["tests"][0].clone(),
        None => Value::Null,
    };
    (test, testing::outcomes(&seen))
}

#[test]
fn every_form_of_a_dump_comes_back() {
    let living = Living::new();
    let text = |program: &str, name: &str| {
        living.dump(program, &["-f", name]);
        fs::read(living.dumps().join(name)).unwrap()
    };
    let plain = text("pg_dump", "plain.sql");
    fs::write(living.dumps().join("packed.sql.gz"), packed(&plain)).unwrap();
    text("pg_dumpall", "all.sql");
    living.dump("pg_dump", &["-Fc", "-f", "custom.dump"]);
    living.dump("pg_dump", &["-Fd", "-f", "folder"]);
    for source in ["packed.sql", "all.sql", "custom.dump", "folder"] {
        let (test, outcomes) = living.tested(&json!({"source": source}));
        assert_eq!(outcomes, Vec::<String>::new(), "{source}");
        assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
        let database = &test["database"];
        assert_eq!((&database["tables"], &database["rows"]), (&json!(2), &json!(1000)), "{source}");
        assert_eq!(database["compared"][0]["verdict"], "restored");
        assert!(database["version"].as_str().unwrap().starts_with(|c: char| c.is_ascii_digit()));
        assert!(test["bytes"].as_u64().unwrap() > 100, "{test}");
        assert!(test["recovery_time"]["achieved_seconds"].as_u64().unwrap() <= 60);
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_did_not_come_back_is_a_failed_test() {
    let living = Living::new();
    living.dump("pg_dump", &["-Fc", "-f", "app.dump"]);
    let (test, _) = living.tested(&json!({"tables": ["public.gone", "public.empty"]}));
    assert_eq!(test["error"], "2 named tables are not as they should be");
    assert_eq!(test["faults"][0], json!({"path": "public.gone", "why": "did not come back"}));
    assert_eq!(test["faults"][1]["path"], "restored.public.empty");
    // Cut in the middle of the rows, which the form itself does not tell.
    let path = living.dumps().join("app.dump");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 200]).unwrap();
    let (test, outcomes) = living.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(!test["error"].as_str().unwrap().is_empty());
    // Statements that fail, with data in the message of the server.
    let text = format!(
        "--\n-- PostgreSQL database dump\n--\ncreate table t (id int);\ninsert into t values ('{PLANTED}');\nselect 1/0;\nalter table t owner to nobody_here;\n--\n-- PostgreSQL database dump complete\n--\n"
    );
    fs::remove_file(&path).unwrap();
    fs::write(living.dumps().join("app.sql"), text).unwrap();
    let (test, _) = living.tested(&json!({"tables": []}));
    let error = test["error"].as_str().unwrap();
    let expected = "2 statements were refused: invalid input syntax for type integer: \"…\"";
    assert_eq!(error, expected, "the missing role does not count");
}

#[test]
fn named_tables_are_compared_with_the_living_database_that_cannot_be_written() {
    let living = Living::new();
    living.dump("pg_dump", &["-Fc", "-f", "app.dump"]);
    let host = living.folder.path().join("db");
    open(&host);
    let service = living.folder.path().join("services");
    let text = format!(
        "[app]\nhost={}\nport=5432\nuser=reader\ndbname=postgres\npassword=planted\n",
        host.display()
    );
    fs::write(&service, text).unwrap();
    let more = json!({"live_service": "app", "live_service_file": service});
    let compared = || {
        let (test, outcomes) = living.tested(&more);
        assert_eq!(outcomes, Vec::<String>::new());
        let table = &test["database"]["compared"][0];
        (table["verdict"].clone(), table["source_rows"].clone(), test["result"].clone())
    };
    assert_eq!(compared(), (json!("same_as_source"), json!(1000), json!("success")));
    living.sql("delete from orders where id <= 900");
    assert_eq!(compared(), (json!("different"), json!(100), json!("failure")));
    // Asked and not answered: the rest of the test still counts.
    fs::write(living.folder.path().join("services"), "[app]\nhost=/nowhere\n").unwrap();
    let (test, outcomes) = living.tested(&more);
    assert_eq!((&test["result"], outcomes.len()), (&json!("success"), 1));
    assert!(outcomes[0].contains("the living database was not compared with"), "{outcomes:?}");
}

/// Processes that work in a folder.
fn at_work(folder: &Path) -> usize {
    let works = |entry: fs::DirEntry| fs::read_link(entry.path().join("cwd")).ok();
    let folders = fs::read_dir("/proc").unwrap().flatten().filter_map(works);
    folders.filter(|works| works.starts_with(folder)).count()
}

#[test]
fn what_a_hostile_dump_asks_for_does_not_happen() {
    let living = Living::new();
    let outside = living.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o777)).unwrap();
    let to = |name: &str| outside.join(name).display().to_string();
    let hostile = [
        format!("\\! touch {}", to("shell")),
        format!("\\o | touch {}", to("pipe")),
        "\\o".to_owned(),
        format!("\\o {}", to("written")),
        "\\o".to_owned(),
        format!("copy (select 1) to program 'touch {}';", to("program")),
        format!("copy (select 1) to '{}';", to("copied")),
        "create table public.read (line text);".to_owned(),
        "copy public.read from '/etc/hostname';".to_owned(),
        "insert into public.read select pg_read_file('/etc/hostname');".to_owned(),
        "select lo_from_bytea(4711, 'x');".to_owned(),
        format!("select lo_export(4711, '{}');", to("exported")),
        "create schema evil; create function evil.count(\"any\") returns bigint language sql as 'select 4711::bigint'; alter database restored set search_path = evil, pg_catalog;".to_owned(),
        "create table public.orders (id int);".to_owned(),
    ];
    let script = format!(
        "--\n-- PostgreSQL database dump\n--\n{}\n--\n-- PostgreSQL database dump complete\n--\n",
        hostile.join("\n")
    );
    fs::write(living.dumps().join("app.sql"), script).unwrap();
    let asked = json!({"tables": ["public.orders", "public.read"]});
    let (test, outcomes) = living.tested(&asked);
    let made = || fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(made().count(), 0, "{:?} {test} {outcomes:?}", made().collect::<Vec<_>>());
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(test["error"].as_str().unwrap().contains("statements were refused"), "{test}");
    for table in test["database"]["compared"].as_array().unwrap() {
        assert_eq!((&table["rows"], &table["verdict"]), (&json!(0), &json!("empty")), "{test}");
    }
    // It is the walls that keep it in: without them all of it happens.
    let mut open = asked;
    open["unconfined"] = json!(true);
    living.tested(&open);
    assert_eq!(made().count(), 6, "{:?}", made().collect::<Vec<_>>());
}

#[test]
fn nothing_works_on_when_a_restore_runs_out_of_time() {
    let living = Living::new();
    let script = "--\n-- PostgreSQL database dump\n--\ncreate table t (id int);\ndo $$ begin loop end loop; end $$;\n--\n-- PostgreSQL database dump complete\n--\n";
    fs::write(living.dumps().join("app.sql"), script).unwrap();
    let mut job = living.job(&json!({}));
    job.deadline = std::time::Instant::now() + Duration::from_secs(15);
    let scratch = living.folder.path().join("scratch");
    let (test, outcomes) = said(&job, &scratch);
    assert_eq!(test, Value::Null);
    assert!(outcomes[0].starts_with("timed_out"), "{outcomes:?}");
    assert_eq!(at_work(&scratch), 0);
}

#[test]
fn the_version_of_restored_data_is_a_number_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("good"), "15\n").unwrap();
    fs::write(at("path"), "../../tmp/x").unwrap();
    fs::write(at("secret"), "16").unwrap();
    std::os::unix::fs::symlink(at("secret"), at("link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();
    for (name, expected) in [("good", "15"), ("path", ""), ("link", ""), ("pipe", ""), ("no", "")] {
        assert_eq!(super::physical::version(&at(name)), expected, "{name}");
    }
}

#[test]
fn what_keeps_a_database_from_being_restored_is_an_outcome() {
    let living = Living::new();
    let other = "-- a script of somebody\ninsert into t values (1);\n";
    fs::write(living.dumps().join("shop.sql"), other).unwrap();
    let outcome = |more: &Value| {
        let (test, outcomes) = living.tested(more);
        assert_eq!(test, Value::Null);
        outcomes[0].clone()
    };
    assert!(outcome(&json!({})).contains("is no dump of PostgreSQL, MariaDB or MySQL"));
    living.dump("pg_dump", &["-f", "app.sql"]);
    let small = json!({"source": "app.sql", "max_mib": 0});
    assert!(outcome(&small).starts_with("limit_exceeded:"));
    let nobody = json!({"source": "app.sql", "programs": "/nowhere"});
    assert!(outcome(&nobody).starts_with("tool_missing:"));
    if rustix::process::geteuid().is_root() {
        let root = json!({"source": "app.sql", "run_as": "root"});
        assert!(outcome(&root).starts_with("not_configured:"));
    }
}

/// Makes a server with a repository of pgBackRest, takes a backup and stops it.
const PGBACKREST: &str = r#"set -e
cat > pgbackrest.conf <<X
[global]
repo1-path=$PWD/repo
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=planted
repo1-retention-full=2
log-path=$PWD/log
lock-path=$PWD/lock
spool-path=$PWD/spool
start-fast=y
[main]
pg1-path=$PWD/data
pg1-socket-path=$PWD
X
mkdir log lock spool
$BIN/initdb -D data -A trust -U postgres --no-sync >/dev/null
cat >> data/postgresql.conf <<X
listen_addresses = ''
unix_socket_directories = '$PWD'
fsync = off
archive_mode = on
archive_command = 'pgbackrest --config=$PWD/pgbackrest.conf --stanza=main archive-push %p'
X
trap '$BIN/pg_ctl -D data -m immediate stop >/dev/null' EXIT
$BIN/pg_ctl -D data -w -l server.log start >/dev/null
$BIN/psql -h $PWD -U postgres -qc "create table orders as select g id, 'planted' note from generate_series(1, 1000) g"
pgbackrest --config=$PWD/pgbackrest.conf --stanza=main --log-level-console=error stanza-create
pgbackrest --config=$PWD/pgbackrest.conf --stanza=main --log-level-console=error backup
"#;

#[test]
fn a_repository_of_pgbackrest_is_listed_and_its_newest_backup_restored() {
    let folder = tempfile::tempdir().unwrap();
    let job = testing::job("/");
    let programs = Programs::find(&Look::new(&job), None, "postgres").unwrap();
    let home = folder.path().join("pg");
    fs::create_dir_all(&home).unwrap();
    fs::create_dir(folder.path().join("scratch")).unwrap();
    open(folder.path());
    programs.give(&home).unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-c", PGBACKREST]).current_dir(&home).env_clear();
    shell.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
    shell.env("BIN", Path::new(&programs.path("initdb")).parent().unwrap());
    if let Some((uid, gid)) = programs.user {
        shell.uid(uid).gid(gid);
    }
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}; tests/run installs postgresql and pgbackrest");

    let mut job = testing::job("/");
    job.now = Timestamp::now();
    job.settings = json!({"continuity": {"tests": [{"name": "t", "repository": "pg",
            "scratch": folder.path().join("scratch"), "tables": ["postgres.public.orders"]}]},
        "backup": {"repositories": [
            {"name": "pg", "tool": "pgbackrest", "location": home.join("pgbackrest.conf")}]}});
    let seen = crate::jobs::ENTRY;
    let listed = testing::body("backup.jobs", &(seen.observe)(&job));
    let repository = &listed["repositories"][0];
    assert_eq!((&repository["reachable"], &repository["snapshots"]), (&json!(true), &json!(1)));
    assert_eq!(repository["encryption"], "aes-256-cbc");
    assert_eq!(repository["promised"]["last"], 2);
    assert!(repository["tool_version"].as_str().unwrap().contains('.'), "{repository}");
    assert!(!listed.to_string().contains("planted"));

    let (test, outcomes) = said(&job, &folder.path().join("scratch"));
    assert_eq!(outcomes, Vec::<String>::new());
    assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
    assert_eq!(test["database"]["rows"], 1000);
    assert_eq!(test["database"]["compared"][0]["name"], "postgres.public.orders");
    assert_eq!(test["backup"]["id"].as_str().unwrap().len(), "20261123-045008F".len());
    // A repository that lost a file says so as the result of the test.
    let bundle = home.join("repo/backup/main");
    let mut find = Command::new("find");
    find.arg(bundle).args(["-name", "*.gz", "-path", "*base*", "-delete"]);
    assert!(find.status().unwrap().success());
    let (test, outcomes) = said(&job, &folder.path().join("scratch"));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
}
