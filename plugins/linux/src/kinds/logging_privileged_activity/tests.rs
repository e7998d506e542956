use std::{fs, io::Write};

use serde_json::Value;

use super::*;
use crate::kinds::testing::{body, job, outcomes, planted};

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";

fn record(kind: u8, user: &str, time: &str) -> Vec<u8> {
    let mut record = vec![0; 384];
    record[0] = kind;
    record[44..44 + user.len()].copy_from_slice(user.as_bytes());
    let seconds: Timestamp = time.parse().unwrap();
    let seconds = u32::try_from(seconds.as_second()).unwrap();
    record[340..344].copy_from_slice(&seconds.to_le_bytes());
    record
}

fn told(body: &Value) -> Vec<String> {
    let list = body["activity"].as_array().unwrap();
    list.iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {}/{} {}",
                text("day"),
                text("account"),
                text("action"),
                text("as_account"),
                one["succeeded"],
                one["failed"],
                text("source")
            )
        })
        .collect()
}

#[test]
fn logs_of_all_forms_are_counted_by_day_and_unknown_names_stay_here() {
    let root = planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", "root:x:0:\n"),
        (
            "/var/log/auth.log",
            "Nov 20 06:00:00 h sudo: alice : TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/cat PLANTED\n\
             Nov 20 07:00:00 h sudo: alice : 1 incorrect password attempt ; TTY=x ; PWD=/ ; USER=root ; COMMAND=x\n\
             Nov 20 08:00:00 h sshd[1]: Failed password for invalid user PLANTED from 192.0.2.1 port 1 ssh2\n\
             Nov 20 08:00:01 h sshd[1]: Accepted password for ldapuser from 192.0.2.1 port 1 ssh2\n\
             Nov 22 08:00:01 h sshd[1]: Accepted password for today from 192.0.2.1 port 1 ssh2\n",
        ),
        (
            "/var/log/audit/audit.log",
            "type=SYSCALL msg=audit(1795168800.123:45): arch=c000003e syscall=59 success=yes exit=0 auid=1000 uid=0 euid=0 exe=\"/PLANTED\"\n\
             type=EXECVE msg=audit(1795168800.123:45): argc=2 a0=\"PLANTED\"\n\
             type=SYSCALL msg=audit(1795168800.124:46): arch=c000003e syscall=59 success=yes auid=4294967295 euid=0\n\
             type=SYSCALL msg=audit(1795168800.125:47): arch=c000003e syscall=2 success=yes auid=1000 euid=0\n",
        ),
    ]);
    let gz = fs::File::create(root.path().join("var/log/auth.log.1.gz")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(gz, flate2::Compression::fast());
    gz.write_all(b"2026-11-16T01:00:00+00:00 h su: (to root) alice on pts/1\n2026-11-01T01:00:00+00:00 h su: (to root) alice on pts/1\n").unwrap();
    gz.finish().unwrap();
    let log = |name: &str| root.path().join("var/log").join(name);
    let sessions =
        [record(7, "root", "2026-11-20T01:00:00Z"), record(2, "reboot", "2026-11-20T01:00:00Z")];
    fs::write(log("wtmp"), sessions.concat()).unwrap();
    let failed =
        [record(6, "PLANTED", "2026-11-20T01:00:00Z"), record(6, "alice", "2026-11-20T01:00:00Z")];
    fs::write(log("btmp"), failed.concat()).unwrap();
    let observation = observe(&job(root.path()));
    let body = body(KIND, &observation);
    assert_eq!(outcomes(&observation), [""; 0]);
    assert_eq!(
        told(&body),
        [
            "2026-11-16 alice su root 1/0 auth.log",
            "2026-11-20 alice sudo root 1/1 auth.log",
            "2026-11-20 alice sign_in - 0/1 btmp",
            "2026-11-20 alice execution root 1/0 audit.log",
            "2026-11-20 ldapuser sign_in - 1/0 auth.log",
            "2026-11-20 root root_sign_in - 1/0 wtmp",
        ]
    );
    assert_eq!(body["unknown_principals"], 2);
    assert_eq!(body["window"], serde_json::json!({"from": "2026-11-15", "to": "2026-11-21"}));
    assert!(!body.to_string().contains("PLANTED"));
}

#[test]
fn the_databases_of_newer_releases_are_read() {
    let root = planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", "root:x:0:\n"),
        ("/var/lib/wtmpdb/x", ""),
        ("/var/lib/lastlog/lastlog2.db", "broken, but long enough to be looked at as a database"),
    ]);
    let database = rusqlite::Connection::open(root.path().join("var/lib/wtmpdb/wtmp.db")).unwrap();
    database
        .execute_batch(
            "create table wtmp(ID integer primary key, Type integer, User text, Login integer, Logout integer, TTY text, RemoteHost text, Service text);
             insert into wtmp(Type, User, Login) values (3, 'alice', 1795168800000000), (3, 'alice', 1795168900000000), (1, 'reboot', 1795168800000000), (3, 'alice', 1000000);",
        )
        .unwrap();
    drop(database);
    let observation = observe(&job(root.path()));
    let body = body(KIND, &observation);
    assert_eq!(told(&body), ["2026-11-20 alice sign_in - 2/0 wtmpdb"]);
    assert!(outcomes(&observation)[0].starts_with("failed: /var/lib/lastlog/lastlog2.db"));
    assert_eq!(body["sources"][0]["read"], false);
}

#[test]
fn a_host_that_records_nothing_says_so() {
    let observation =
        observe(&job(planted(&[("/etc/passwd", PASSWD), ("/etc/group", "users:x:100:\n")]).path()));
    assert!(observation.body().is_none());
    assert!(outcomes(&observation)[0].starts_with("not_applicable"));
}
