//! A real Barman with a backup of a real server of PostgreSQL.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

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
immediate_checkpoint = true
compression = gzip
archiver = on
path_prefix = $BIN
retention_policy = RECOVERY WINDOW OF 2 WEEKS
X
trap '$BIN/pg_ctl -D data -m immediate stop >/dev/null' EXIT
$BIN/pg_ctl -D data -w -l server.log start >/dev/null
mkdir fast
$BIN/psql -h $PWD/sock -U postgres -qc "create tablespace fast location '$PWD/fast'" -c "create table orders tablespace fast as select g id, 'planted' note from generate_series(1, 1000) g" -c "create table other as select g id, 'planted' note from generate_series(1, 1000) g" -c "checkpoint"
barman -c etc/barman.conf switch-wal --force --archive --archive-timeout 60 main >/dev/null
barman -c etc/barman.conf backup --wait main >/dev/null
$BIN/psql -h $PWD/sock -U postgres -qc "insert into orders values (4711, 'later')" -c "select pg_switch_wal()" >/dev/null
barman -c etc/barman.conf archive-wal main >/dev/null
barman -c etc/barman.conf -f json show-backup main latest
"#;

/// The account that runs it where the tests are root, whom no server starts for: number and group of nobody.
const NOBODY: u32 = 65_534;

/// The newest programs of PostgreSQL.
fn programs() -> std::path::PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let folders = versions.map(|entry| entry.unwrap().path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max().unwrap()
}

pub(crate) fn made(folder: &Path) -> Value {
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
