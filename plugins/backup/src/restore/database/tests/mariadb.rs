//! Real dumps and copies of a real MariaDB server, restored to another.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_plugin::Job;
use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::mariadb::{self, Mariadb};
use super::super::super::programs::Programs;
use super::{MINUTE, at_work, open, packed, said};
use crate::look::Look;

/// A server with data, and a folder for its backups.
struct Living {
    folder: tempfile::TempDir,
    server: Mariadb,
}

impl Living {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let job = testing::job("/");
        let mut look = Look::new(&job);
        let programs = Programs::of_mariadb(&look, None, "nobody")
            .unwrap_or_else(|why| panic!("{}; tests/run installs it", why.detail));
        let at = mariadb::folder(&programs, folder.path()).unwrap();
        let server = Mariadb::empty(&mut look, &programs, &at, MINUTE).unwrap();
        open(folder.path());
        for name in ["dumps", "scratch"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let living = Self { folder, server };
        living.sql(
            "create database shop; use shop;
            create table orders (id int primary key, note varchar(60), made timestamp default '2026-11-23 00:00:01');
            create table empty (id int);
            create table old (id int) engine=MyISAM;
            create table `odd ``na\nme` (id int);
            insert into orders (id, note) select seq, concat('planted-row-', seq) from seq_1_to_1000;
            insert into old values (1), (2);
            create user app identified by 'planted';
            create definer=app trigger t before insert on orders for each row set new.id = new.id;
            create definer=app procedure p() select 1;
            create definer=app event e on schedule every 1 day do delete from orders;
            create definer=app view v as select * from orders;",
        );
        living
    }

    /// The same under another server: what was written lies in its files, and no longer in its log alone.
    fn settled(self) -> Self {
        let job = testing::job("/");
        let server = self.server.anew(&Look::new(&job), MINUTE);
        Self { server: server.unwrap_or_else(|why| panic!("{}", why.detail)), ..self }
    }

    fn sql(&self, text: &str) {
        let job = testing::job("/");
        let script = mariadb::file(text).unwrap();
        let output = self.server.client(&Look::new(&job), None, script, true, MINUTE).unwrap();
        assert_eq!(output.stderr, "");
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tool(&self, program: &str, words: &[&str]) {
        let socket = format!("--socket={}", self.at("db/s").display());
        let mut command = Command::new(program);
        command.args(["--no-defaults", &socket, "--user=root"]).args(words);
        let output = command.current_dir(self.at("dumps")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn dump(&self, name: &str, words: &[&str]) -> Vec<u8> {
        let result = format!("--result-file={name}");
        self.tool("mariadb-dump", &[&[&*result, "--routines", "--events"], words].concat());
        fs::read(self.at("dumps").join(name)).unwrap()
    }

    /// A folder of mariadb-backup.
    fn copy(&self) {
        let data = format!("--datadir={}", self.at("db/data").display());
        self.tool("mariadb-backup", &["--backup", &data, "--target-dir=full"]);
    }

    fn job(&self, more: &Value) -> Job {
        let mut test = json!({"name": "shop", "repository": "dumps", "tables": ["shop.orders"],
            "scratch": self.at("scratch")});
        test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut job = testing::job("/");
        job.now = Timestamp::now();
        job.settings = json!({"continuity": {"tests": [test]}, "backup": {"repositories": [
            {"name": "dumps", "tool": "files", "location": self.at("dumps")}]}});
        job
    }

    fn tested(&self, more: &Value) -> (Value, Vec<String>) {
        said(&self.job(more), &self.at("scratch"))
    }
}

#[test]
fn every_form_of_a_backup_of_mariadb_comes_back() {
    let living = Living::new();
    let plain = living.dump("plain.sql", &["shop"]);
    fs::write(living.at("dumps/packed.sql.gz"), packed(&plain)).unwrap();
    living.dump("all.sql", &["--all-databases", "--flush-privileges"]);
    living.dump("system.sql", &["--all-databases", "--system=all"]);
    living.copy();
    for source in ["plain.sql", "packed.sql", "all.sql", "system.sql", "full"] {
        let (test, outcomes) = living.tested(&json!({"source": source}));
        assert_eq!(outcomes, Vec::<String>::new(), "{source}");
        assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
        let database = &test["database"];
        let known = (&database["databases"], &database["tables"], &database["rows"]);
        assert_eq!(known, (&json!(1), &json!(4), &json!(1002)), "{source}");
        assert_eq!(database["compared"][0]["verdict"], "restored");
        assert_eq!(database["engine"], "mariadb");
        assert!(database["version"].as_str().unwrap().contains("-MariaDB"), "{database}");
        assert!(test["bytes"].as_u64().unwrap() > 100, "{test}");
        assert!(test["recovery_time"]["achieved_seconds"].as_u64().unwrap() <= 60);
    }
}

#[test]
fn what_did_not_come_back_to_mariadb_is_a_failed_test() {
    let living = Living::new();
    let plain = String::from_utf8(living.dump("app.sql", &["shop"])).unwrap();
    let (test, _) = living.tested(&json!({"tables": ["shop.gone", "shop.empty"]}));
    assert_eq!(test["error"], "2 named tables are not as they should be");
    assert_eq!(test["faults"][0], json!({"path": "shop.empty", "why": "came back without a row"}));
    assert_eq!(test["faults"][1], json!({"path": "shop.gone", "why": "did not come back"}));
    // Rows that are refused, with data in the message of the server.
    let twice = plain.replace("'planted-row-2'", "'planted-row-2'),(1,'planted','2026-11-23'");
    let twice = twice.replace("(1,'planted',", "(1,'it''s planted',");
    assert_ne!(twice, plain);
    fs::write(living.at("dumps/app.sql"), twice).unwrap();
    let (test, outcomes) = living.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    let error = test["error"].as_str().unwrap();
    assert!(error.contains("were refused: Column count doesn…"), "{error}");
    // A dump of MySQL 8 names what no MariaDB before 11.4 has.
    let other = plain.replace("utf8mb4_general_ci", "utf8mb4_nobody_has_ci");
    assert_ne!(other, plain);
    fs::write(living.at("dumps/app.sql"), other).unwrap();
    let (_, outcomes) = living.tested(&json!({}));
    assert!(outcomes[0].starts_with("tool_missing"), "{outcomes:?}");
}

#[test]
fn a_copy_of_mariadb_that_is_damaged_is_a_failed_test() {
    let living = Living::new().settled();
    living.sql("flush privileges;");
    living.copy();
    let table = living.at("dumps/full/shop/orders.ibd");
    let mut bytes = fs::read(&table).unwrap();
    // Rows of the clustered index, below a page's checksum.
    let at = bytes.windows(11).position(|window| window == b"planted-row").unwrap();
    bytes[at..at + 4096].fill(0x5a);
    fs::write(&table, bytes).unwrap();
    let (test, outcomes) = living.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(!test["error"].as_str().unwrap().is_empty(), "{test}");
    // A part of a chain says that it is no whole.
    let checkpoints = living.at("dumps/full/xtrabackup_checkpoints");
    let text = fs::read_to_string(&checkpoints).unwrap();
    fs::write(&checkpoints, text.replace("full-backuped", "incremental")).unwrap();
    let (test, outcomes) = living.tested(&json!({}));
    assert_eq!(test, Value::Null);
    assert!(outcomes[0].contains("not a full backup"), "{outcomes:?}");
}

#[test]
fn named_tables_are_compared_with_the_living_mariadb_that_is_only_read() {
    let living = Living::new();
    living.dump("app.sql", &["shop"]);
    living.sql("create user reader identified by 'planted'; grant select on shop.* to reader;");
    let options = living.at("living.cnf");
    let text = |socket: &Path| {
        format!("[client_shop]\nsocket={}\nuser=reader\npassword=planted\n", socket.display())
    };
    fs::write(&options, text(&living.at("db/s"))).unwrap();
    let more = json!({"live_service": "shop", "live_service_file": options});
    let compared = || {
        let (test, outcomes) = living.tested(&more);
        assert_eq!(outcomes, Vec::<String>::new());
        let table = &test["database"]["compared"][0];
        (table["verdict"].clone(), table["source_rows"].clone(), test["result"].clone())
    };
    assert_eq!(compared(), (json!("same_as_source"), json!(1000), json!("success")));
    living.sql("delete from shop.orders where id <= 10");
    assert_eq!(compared(), (json!("near_source"), json!(990), json!("success")));
    living.sql("delete from shop.orders where id <= 900");
    assert_eq!(compared(), (json!("different"), json!(100), json!("failure")));
    // Asked and not answered: the rest of the test still counts.
    fs::write(&options, text(Path::new("/nowhere"))).unwrap();
    let (test, outcomes) = living.tested(&more);
    assert_eq!((&test["result"], outcomes.len()), (&json!("success"), 1));
    assert!(outcomes[0].contains("the living database was not compared with"), "{outcomes:?}");
}

#[test]
fn what_a_hostile_dump_asks_mariadb_for_does_not_happen() {
    let living = Living::new();
    let outside = living.at("outside");
    fs::create_dir(&outside).unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(living.at("near"), "near\n").unwrap();
    open(&living.at("near"));
    let to = |name: &str| outside.join(name).display().to_string();
    let near = living.at("near").display().to_string();
    let hostile = [
        // Commands of the client.
        format!("\\! touch {}", to("shell")),
        format!("system touch {}", to("system")),
        format!("tee {}", to("tee")),
        format!("pager touch {}", to("pager")),
        format!("source {near}"),
        ";".to_owned(),
        // What the server could be made to do.
        format!("select 1 into outfile '{}';", to("outfile")),
        format!("select 1 into dumpfile '{}';", to("dumpfile")),
        "set global secure_file_priv = '';".to_owned(),
        format!("set global general_log_file = '{}'; set global general_log = 1;", to("log")),
        format!("set global slow_query_log_file = '{}'; set global slow_query_log = 1;", to("slow")),
        "set global event_scheduler = on, global init_connect = 'drop database shop', global sql_mode = 'ANSI_QUOTES', global read_only = 1;".to_owned(),
        format!("create event now on schedule every 1 second do select 1 into outfile '{}';", to("event")),
        format!("create table linked (id int) engine=MyISAM data directory='{}';", to("")),
        "install soname 'ha_connect';".to_owned(),
        "create function sys_exec returns int soname 'lib_mysqludf_sys.so';".to_owned(),
        "create table orders (line text); create table readable (line text);".to_owned(),
        "set global local_infile = 1;".to_owned(),
        format!("load data local infile '{near}' into table orders;"),
        format!("load data infile '{near}' into table orders;"),
        "load data infile '/etc/hostname' into table orders;".to_owned(),
        "insert into orders select load_file('/etc/hostname') from dual where load_file('/etc/hostname') is not null;".to_owned(),
        "create trigger t before insert on readable for each row set new.line = load_file('/etc/hostname');".to_owned(),
        "insert into readable values ('from a trigger');".to_owned(),
        "delete from mysql.global_priv; flush privileges;".to_owned(),
    ];
    let script = format!(
        "-- MariaDB dump 10.19\n--\n-- Host: localhost    Database: shop\n{}\n-- Dump completed on 2026-11-23\n",
        hostile.join("\n")
    );
    fs::write(living.at("dumps/app.sql"), script).unwrap();
    let (test, outcomes) =
        living.tested(&json!({"tables": ["shop.orders", "shop.readable", "shop.linked"]}));
    let made = || -> Vec<_> {
        let mut names: Vec<_> =
            fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(made(), Vec::<std::ffi::OsString>::new(), "{test} {outcomes:?}");
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(test["error"].as_str().unwrap().contains("statements were refused"), "{test}");
    // It was counted all the same, by settings of its own, and nothing of the host came in.
    let rows = |name: &str| {
        let tables = test["database"]["compared"].as_array().unwrap().iter();
        tables.filter(|table| table["name"] == name).map(|table| table["rows"].clone()).next()
    };
    assert_eq!(rows("shop.orders"), Some(json!(0)), "{test}");
    assert_eq!(rows("shop.readable"), Some(json!(1)), "{test}");
    // It is the walls that keep the server in, and how the client is called that keeps the client in.
    living.tested(&json!({"unconfined": true}));
    assert_eq!(made(), ["log", "slow"]);
    let mut bare = Command::new("mariadb");
    let socket = format!("--socket={}", living.at("db/s").display());
    bare.args(["--no-defaults", "--force", "--user=root", &socket]);
    bare.stdin(File::open(living.at("dumps/app.sql")).unwrap());
    bare.output().unwrap();
    assert!(made().contains(&"shell".into()), "{:?}", made());
}

#[test]
fn no_mariadb_works_on_when_a_restore_runs_out_of_time() {
    let living = Living::new();
    let script = "-- MariaDB dump 10.19\n--\ncreate table t (id int);\nselect benchmark(1000000000000, md5('x'));\n-- Dump completed on 2026-11-23\n";
    fs::write(living.at("dumps/app.sql"), script).unwrap();
    let mut job = living.job(&json!({}));
    job.deadline = std::time::Instant::now() + std::time::Duration::from_secs(15);
    let (test, outcomes) = said(&job, &living.at("scratch"));
    assert_eq!(test, Value::Null);
    assert!(outcomes[0].starts_with("timed_out"), "{outcomes:?}");
    assert_eq!(at_work(&living.at("scratch")), 0);
}

#[test]
fn no_word_of_a_server_or_client_of_mariadb_tells_a_secret() {
    let living = Living::new();
    living.dump("app.sql", &["shop"]);
    let options = living.at("living.cnf");
    let socket = living.at("db/s");
    fs::write(&options, format!("[client_x]\nsocket={}\npassword=planted\n", socket.display()))
        .unwrap();
    let job = living.job(&json!({"live_service": "x", "live_service_file": options}));
    // The password is wrong for root, so the living server says so; what it says is not told.
    let (_, outcomes) = said(&job, &living.at("scratch"));
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
}
