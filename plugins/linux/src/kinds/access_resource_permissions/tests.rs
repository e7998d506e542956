use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::chown},
    path::Path,
};

use serde_json::{Value, json};

use super::*;
use crate::kinds::testing;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\n";
const GROUP: &str = "root:x:0:\n";

fn mode(root: &Path, path: &str, mode: u32) {
    fs::set_permissions(root.join(path.trim_start_matches('/')), fs::Permissions::from_mode(mode))
        .unwrap();
}

fn see(root: &Path, settings: &Value) -> (Value, Vec<String>) {
    let mut job = testing::job(root);
    job.settings = settings.clone();
    let seen = observe(&job);
    (testing::body(KIND, &seen), testing::outcomes(&seen))
}

fn row<'a>(body: &'a Value, id: &str) -> &'a Value {
    let rows = body["resources"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id} in {body}"))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn programs_that_gain_rights_are_held_against_the_packages() {
    let root = testing::planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/usr/bin/passwd", ""),
        ("/opt/own", ""),
        ("/opt/plain", ""),
        ("/var/lib/dpkg/info/passwd.list", "/.\n/bin/passwd\n"),
    ]);
    mode(root.path(), "/usr/bin/passwd", 0o4755);
    mode(root.path(), "/opt/own", 0o2755);
    let (body, _) = see(root.path(), &json!({}));
    assert_eq!(row(&body, "/usr/bin/passwd")["package"], "passwd");
    assert_eq!(row(&body, "/usr/bin/passwd")["mode"], "4755");
    assert_eq!(row(&body, "/opt/own")["package"], Value::Null);
    assert_eq!(row(&body, "/opt/own")["package_checked"], true);
    assert_eq!(row(&body, "/opt/own")["findings"], json!(["setgid"]));
    assert_eq!(body["totals"]["setuid"], 1);
    assert!(!body.to_string().contains("/opt/plain"));
}

#[test]
fn world_writable_is_told_without_sticky_directories_and_odd_names_survive() {
    let root = testing::planted(&[("/etc/passwd", PASSWD), ("/etc/group", GROUP), ("/srv/x", "")]);
    for (name, bits) in [("tmp", 0o1777), ("drop", 0o777)] {
        fs::create_dir(root.path().join(name)).unwrap();
        mode(root.path(), name, bits);
    }
    let odd = root.path().join("srv").join(std::ffi::OsStr::from_bytes(b"a\n\xffb"));
    fs::write(&odd, "SECRET").unwrap();
    fs::set_permissions(&odd, fs::Permissions::from_mode(0o666)).unwrap();
    let (body, _) = see(root.path(), &json!({}));
    assert_eq!(row(&body, "/drop")["anyone"], json!(["execute", "read", "write"]));
    assert_eq!(row(&body, "/srv/a\\n\\xffb")["findings"], json!(["world_writable"]));
    assert_eq!(body["totals"]["world_writable"], 2);
    assert!(!body.to_string().contains("SECRET"));
}

#[test]
fn a_tree_of_a_stranger_is_one_row() {
    if !is_root() {
        return;
    }
    let files = [
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/srv/s/a", ""),
        ("/srv/s/b", ""),
        ("/srv/t", ""),
    ];
    let root = testing::planted(&files);
    for path in ["srv/s", "srv/s/a", "srv/s/b", "srv/t"] {
        chown(root.path().join(path), Some(4711), None).unwrap();
    }
    let (body, _) = see(root.path(), &json!({}));
    assert_eq!(row(&body, "/srv/s")["below"], 2);
    assert_eq!(row(&body, "/srv/t")["owner"], "4711");
    assert_eq!(body["totals"]["unowned_user"], 4);
}

#[test]
fn capabilities_and_access_lists_are_read_where_they_can_be_set() {
    let root = testing::planted(&[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\nbob:x:7:7::/home/bob:/bin/sh\n"),
        ("/etc/group", GROUP),
        ("/etc/shadow", ""),
        ("/bin/ping", ""),
    ]);
    mode(root.path(), "/bin/ping", 0o755);
    let mut capability = 0x0200_0001_u32.to_le_bytes().to_vec();
    capability.extend((1_u32 << 13).to_le_bytes());
    capability.extend([0; 12]);
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in [
        (1_u16, 6_u16, u32::MAX),
        (2, 4, 7),
        (4, 0, u32::MAX),
        (16, 4, u32::MAX),
        (32, 0, u32::MAX),
    ] {
        acl.extend(tag.to_le_bytes());
        acl.extend(rights.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    let set = |path: &str, name: &str, value: &[u8]| {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(root.path().join(path), name, value, flags).is_ok()
    };
    let (with_capability, with_acl) = (
        set("bin/ping", attributes::CAPABILITY, &capability),
        set("etc/shadow", attributes::ACL, &acl),
    );
    let (body, _) = see(root.path(), &json!({}));
    if with_capability {
        assert_eq!(row(&body, "/bin/ping")["capabilities"], "cap_net_raw=ep");
    }
    if with_acl {
        let grants = json!([{"principal": "user:bob", "rights": ["read"]}]);
        assert_eq!(row(&body, "/etc/shadow")["grants"], grants);
        assert_eq!(row(&body, "/etc/shadow")["findings"], json!(["acl", "sensitive"]));
    }
    assert!(
        row(&body, "/etc/shadow")["findings"].as_array().unwrap().contains(&json!("sensitive"))
    );
}

#[test]
fn settings_bound_the_walk_and_a_wrong_key_is_named() {
    let root = testing::planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/a/x", ""),
        ("/a/no/y", ""),
        ("/b/z", ""),
    ]);
    for path in ["a/x", "a/no/y", "b/z"] {
        mode(root.path(), path, 0o666);
    }
    let settings =
        json!({"permissions": {"paths": ["/a", "/none", "relative"], "exclude": ["/a/no"]}});
    let (body, _) = see(root.path(), &settings);
    assert_eq!(body["totals"]["world_writable"], 1);
    let states: Vec<_> =
        body["scopes"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["whole", "skipped", "skipped"]);
    assert_eq!(body["scopes"][0]["skipped"], 1);
    let mut job = testing::job(root.path());
    job.settings = json!({"permissions": {"path": []}});
    let told = testing::outcomes(&observe(&job));
    assert!(
        told[0].starts_with("not_configured: settings.permissions: unknown field `path`"),
        "{told:?}"
    );
}

#[test]
fn more_than_the_bound_is_counted_and_said() {
    let root = testing::planted(&[("/etc/passwd", PASSWD), ("/etc/group", GROUP)]);
    for number in 0..1100 {
        fs::write(root.path().join(number.to_string()), "").unwrap();
        mode(root.path(), &number.to_string(), 0o666);
    }
    let (body, outcomes) = see(root.path(), &json!({}));
    assert_eq!(body["totals"]["world_writable"], 1100);
    assert!(outcomes.iter().any(|text| text.starts_with("limit_exceeded: ")), "{outcomes:?}");
    assert_eq!(two_digits(848_123), 840_000);
    assert_eq!(two_digits(7), 7);
}
