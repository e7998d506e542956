//! A real Barman with a real server of PostgreSQL, beside what Barman itself says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{KIND, observe};

/// Makes a server, lets Barman take a backup of it and print what it knows; `/etc` lies in this folder.
const BARMAN: &str = r#"set -e
mkdir -p home/main/incoming sock etc/barman.d
$BIN/initdb -D data -A trust -U postgres --no-sync >/dev/null
cat >> data/postgresql.conf <<X
listen_addresses = ''
unix_socket_directories = '$PWD/sock'
fsync = off
archive_mode = on
archive_command = 'cp %p $PWD/home/main/incoming/%f'
X
cat > etc/barman.conf <<X
[barman]
barman_user = $(id -un)
barman_home = $PWD/home
configuration_files_directory = $PWD/etc/barman.d
log_file = $PWD/barman.log
retention_policy = REDUNDANCY 3
X
cat > etc/barman.d/main.conf <<X
[main]
description = "the shop"
conninfo = host=$PWD/sock user=postgres dbname=postgres password=planted
streaming_conninfo = host=$PWD/sock user=postgres password=planted
backup_method = postgres
archiver = on
path_prefix = $BIN
retention_policy = RECOVERY WINDOW OF 2 WEEKS
X
trap '$BIN/pg_ctl -D data -m immediate stop >/dev/null' EXIT
$BIN/pg_ctl -D data -w -l server.log start >/dev/null
barman -c etc/barman.conf switch-wal --force --archive --archive-timeout 60 main >/dev/null
barman -c etc/barman.conf backup main >/dev/null
barman -c etc/barman.conf -f json show-backup main latest
"#;

/// The account that runs it where the tests are root, whom no server starts for: number and group of nobody.
const NOBODY: u32 = 65_534;

fn programs() -> std::path::PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let folders = versions.map(|entry| entry.unwrap().path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max().unwrap()
}

fn made(folder: &Path) -> Value {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-c", BARMAN]).current_dir(folder).env_clear();
    shell.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
    shell.env("HOME", folder).env("BIN", programs());
    if rustix::process::geteuid().is_root() {
        shell.uid(NOBODY).gid(NOBODY);
    }
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}; tests/run installs barman and postgresql");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The repository and the outcomes; now, since the backup is of now.
fn seen(root: &Path, repository: &Value) -> (Value, Vec<String>) {
    let mut job = testing::job(root);
    job.now = Timestamp::now();
    job.settings = json!({"backup": {"repositories": [repository]}});
    let seen = observe(&job);
    (testing::body(KIND, &seen)["repositories"][0].clone(), testing::outcomes(&seen))
}

#[test]
fn a_real_folder_of_barman_tells_what_barman_tells() {
    let folder = tempfile::tempdir().unwrap();
    let said = made(folder.path());
    let said = &said["main"];
    let (id, about) = (said["backup_id"].as_str().unwrap(), &said["base_backup_information"]);
    let named = json!({"name": "db", "tool": "barman", "location": "/home/main"});
    let (repository, outcomes) = seen(folder.path(), &named);
    assert_eq!(outcomes.iter().filter(|line| line.contains("barman")).count(), 0, "{outcomes:?}");
    assert_eq!((&said["status"], &repository["snapshots"]), (&json!("DONE"), &json!(1)));
    // `2026-11-23 12:39:31.258152+00:00`
    let end = about["end_time"].as_str().unwrap();
    let expected = format!("{}Z", end.split('.').next().unwrap().replace(' ', "T"));
    assert_eq!(repository["last_success"], expected, "{id}: {said}");
    assert_eq!(repository["promised"]["within_days"], 14);
    let info = fs::read_to_string(folder.path().join(format!("home/main/base/{id}/backup.info")));
    let info = info.unwrap();
    let size = info.lines().find_map(|line| line.strip_prefix("size=")).unwrap();
    assert_eq!(repository["bytes"], size.parse::<u64>().unwrap());
    assert!(!repository.to_string().contains("planted"));
    // One that Barman broke off counts for nothing, as Barman writes it.
    let broken = info.replace("status=DONE", "status=FAILED");
    fs::create_dir(folder.path().join("home/main/base/20991231T235959")).unwrap();
    fs::write(folder.path().join("home/main/base/20991231T235959/backup.info"), broken).unwrap();
    let (repository, _) = seen(folder.path(), &named);
    assert_eq!((&repository["snapshots"], &repository["unusable"]), (&json!(1), &json!(1)));
}
