//! Secrets are planted in everything that the plugin reads, and looked for in everything that leaves it: documents, outcomes,
//! progress, log, and the command line of every process that runs meanwhile.

#![expect(clippy::unwrap_used, reason = "helpers of tests end at the first surprise too")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

/// In every secret, and nowhere else on this machine.
fn token() -> String {
    format!("Pl4nted-{}", std::process::id())
}

fn plant(folder: &Path, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join(path.trim_start_matches('/'));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Everything that the plugin printed, and every command line that held the token while it ran.
fn run(request: &Value) -> (String, Vec<String>) {
    let over = Arc::new(AtomicBool::new(false));
    let watch = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let token = token();
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                for process in fs::read_dir("/proc").unwrap().flatten() {
                    let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
                    let line = String::from_utf8_lossy(&line).replace('\0', " ");
                    if line.contains(&token) {
                        seen.push(line);
                    }
                }
            }
            seen
        }
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_exhibit-plugin-backup"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    over.store(true, Ordering::Relaxed);
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), watch.join().unwrap())
}

fn request(root: &Path, settings: &Value) -> Value {
    json!({"v": 1, "kinds": ["backup.jobs", "continuity.tests"], "target": "host:test",
        "deadline_ms": 120_000, "root": root, "settings": settings})
}

/// Repositories, configurations and dumps, with the token in each.
fn scene(home: &Path) {
    let token = token();
    let at = |name: &str| home.join(name).to_string_lossy().into_owned();
    plant(home, "password", &format!("{token}\n"));
    plant(home, "wrong", &format!("{token}-wrong\n"));
    plant(home, "data/file", "content");
    plant(
        home,
        "s3.env",
        &format!("AWS_ACCESS_KEY_ID={token}\nexport AWS_SECRET_ACCESS_KEY='{token}'\n"),
    );
    plant(
        home,
        "borgmatic.yaml",
        &format!(
            "repositories:\n    - path: {0}\n    - path: ssh://bob:{token}@127.0.0.1:9/./r\nencryption_passphrase: {token}\npostgresql_databases:\n    - name: app\n      password: {token}\n",
            at("borg")
        ),
    );
    plant(
        home,
        "pgbackrest.conf",
        &format!(
            "[global]\nrepo1-path={}\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={token}\nrepo1-s3-key-secret={token}\n[main]\npg1-path={}\n",
            at("pgrepo"),
            at("pgdata")
        ),
    );
    plant(
        home,
        "walg.json",
        &format!("{{\"WALG_FILE_PREFIX\": \"/srv\", \"WALG_LIBSODIUM_KEY\": \"{token}\"}}"),
    );
    plant(
        home,
        "dumps/app.sql",
        &format!(
            "--\n-- PostgreSQL database dump\n--\n-- {token}\n--\n-- PostgreSQL database dump complete\n--\n"
        ),
    );
    plant(
        home,
        "services",
        &format!("[app]\nhost=127.0.0.1\nport=9\nuser=reader\npassword={token}\n"),
    );
    fs::create_dir(home.join("scratch")).unwrap();
    let data = at("data");
    for (program, words) in [
        ("restic", &["init", "-q"][..]),
        ("restic", &["backup", "-q", &data]),
        ("borg", &["init", "-e", "repokey", "borg"]),
        ("borg", &["create", "borg::a", &data]),
    ] {
        let status = Command::new(program)
            .args(words)
            .current_dir(home)
            .env("RESTIC_REPOSITORY", at("restic"))
            .env("RESTIC_PASSWORD_FILE", at("password"))
            .env("RESTIC_CACHE_DIR", at("cache"))
            .env("BORG_PASSPHRASE", &token)
            .env("BORG_BASE_DIR", at("base"))
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{program} {words:?}");
    }
}

#[test]
fn no_secret_of_a_living_source_leaves_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let (home, token) = (folder.path(), token());
    let at = |name: &str| home.join(name).to_string_lossy().into_owned();
    scene(home);
    let of = |name: &str, tool: &str, location: &str, more: Value| {
        let mut one = json!({"name": name, "tool": tool, "location": location});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let password = json!({"password_file": at("password")});
    let away = json!({"password_file": at("password"), "environment_file": at("s3.env")});
    let settings = json!({"backup": {"repositories": [
            of("s3", "restic", "s3:http://127.0.0.1:9/bucket", away),
            of("rest", "restic", &format!("rest:http://bob:{token}@127.0.0.1:9/x"), password.clone()),
            of("near", "restic", &at("restic"), password.clone()),
            of("shut", "restic", &at("restic"), json!({"password_file": at("wrong")})),
            of("bm", "borgmatic", &at("borgmatic.yaml"), json!({})),
            of("pg", "pgbackrest", &at("pgbackrest.conf"), json!({})),
            of("wal", "walg", &at("walg.json"), json!({})),
            of("dumps", "files", &at("dumps"), json!({}))]},
        "continuity": {"tests": [
            {"name": "r", "repository": "near", "scratch": at("scratch")},
            {"name": "b", "repository": "bm/1", "scratch": at("scratch")},
            {"name": "d", "repository": "dumps", "scratch": at("scratch"), "tables": ["public.t"],
             "live_service": "app", "live_service_file": at("services")}]}});
    let (said, lines) = run(&request(Path::new("/"), &settings));
    assert!(!said.contains(&token), "{said}");
    assert_eq!(lines, Vec::<String>::new(), "a secret was on a command line");
    // It did look: what it could open is there, and what it could not is told by name.
    for word in ["\"name\":\"near\"", "bm/1", "bm/2", "'shut'", "the password is wrong", "'s3'"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
    let restored = said.matches("\"same_as_source\":1").count();
    assert_eq!(restored, 2, "of restic, and of borg by the passphrase of borgmatic: {said}");
}

#[test]
fn no_secret_of_a_schedule_or_a_configuration_leaves_the_plugin() {
    let root = tempfile::tempdir().unwrap();
    let token = token();
    for (path, text) in [
        (
            "/etc/cron.d/backup",
            format!(
                "RESTIC_PASSWORD={token}\n0 3 * * * root RESTIC_PASSWORD={token} restic backup /\n"
            ),
        ),
        (
            "/var/spool/cron/crontabs/root",
            format!("@daily borg create ssh://bob:{token}@nas/r::x /\n"),
        ),
        ("/etc/cron.daily/dump", format!("#!/bin/sh\nmysqldump --password={token} shop\n")),
        ("/etc/systemd/system/b.timer", "[Timer]\nOnCalendar=daily\n".to_owned()),
        (
            "/etc/systemd/system/b.service",
            format!(
                "[Service]\nEnvironment=AWS_SECRET_ACCESS_KEY={token}\nExecStart=/usr/bin/rclone sync /srv :s3,secret_access_key={token}:bucket\n"
            ),
        ),
        (
            "/etc/barman.d/main.conf",
            format!(
                "[main]\nconninfo = host=db password={token}\nretention_policy = REDUNDANCY 2\n"
            ),
        ),
        (
            "/b/main/base/1/backup.info",
            "status=DONE\nend_time=2026-11-21 03:09:12+00:00\nsize=42\n".to_owned(),
        ),
        (
            "/etc/rsnapshot.conf",
            format!("snapshot_root\t/snap/\nrsync_long_args\t--password-file={token}\n"),
        ),
        ("/snap/daily.0/web1/x", String::new()),
        ("/root/.pgpass", format!("db:5432:*:app:{token}\n")),
        ("/root/.config/rclone/rclone.conf", format!("[s3]\nsecret_access_key = {token}\n")),
    ] {
        plant(root.path(), path, &text);
    }
    let settings = json!({"backup": {"repositories": [
        {"name": "barman", "tool": "barman", "location": "/b/main"},
        {"name": "snap", "tool": "rsnapshot", "location": "/snap"}]}});
    let (said, lines) = run(&request(root.path(), &settings));
    assert!(!said.contains(&token), "{said}");
    assert_eq!(lines, Vec::<String>::new());
    for word in [
        "/etc/cron.d/backup:2",
        "crontabs/root:1",
        "b.timer",
        "\"tool\":\"rclone\"",
        "\"tool\":\"mysqldump\"",
        "\"last\":2",
    ] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}
