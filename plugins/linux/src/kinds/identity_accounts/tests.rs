use serde_json::Value;

use super::*;
use crate::kinds::testing::{body, job, outcomes, planted};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ntoor2:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n\
    alice:x:1000:1000::/home/alice:/bin/bash\nbob:x:1001:27::/home/bob:\nci:x:1002:1002::/srv/ci:/bin/false\n\
    M\u{fc}ller:x:1003:1003::/home/m:/bin/bash\n";
const SHADOW: &str = "root:*:20000:0:99999:7:::\nalice:$y$j9T$SECRET:20000:0:365:7:::\nbob:!$6$SECRET:20000:0:99999:7::20100:\n\
    ci::20000::::::\n";
const GROUP: &str = "root:x:0:\nsudo:x:27:alice\nalice:x:1000:\n";

fn account(body: &Value, id: &str) -> Value {
    let accounts = body["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["id"] == id).unwrap_or_else(|| panic!("no {id}")).clone()
}

#[test]
fn planted_accounts_are_told_apart() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB x";
    let root = planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/shadow", SHADOW),
        ("/etc/group", GROUP),
        ("/etc/nsswitch.conf", "passwd: files systemd [NOTFOUND=return] # c\n"),
        ("/home/alice/.ssh/authorized_keys2", key),
    ]);
    let observation = observe(&job(root.path()));
    let body = body(KIND, &observation);
    assert_eq!(outcomes(&observation), [""; 0]);
    assert_eq!(body["sources"], serde_json::json!(["files", "systemd"]));
    assert_eq!(body["complete"], true);
    let alice = account(&body, "alice");
    assert_eq!(alice["type"], "person");
    assert_eq!(alice["password"]["hash_scheme"], "yescrypt");
    assert_eq!(alice["groups"], serde_json::json!(["alice", "sudo"]));
    assert_eq!(alice["credentials"].as_array().unwrap().len(), 1);
    let bob = account(&body, "bob");
    assert_eq!((&bob["enabled"], &bob["login_allowed"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(bob["password"]["state"], "locked");
    assert_eq!(bob["groups"], serde_json::json!(["sudo"]));
    assert_eq!(account(&body, "ci")["password"]["state"], "empty");
    assert_eq!(account(&body, "ci")["type"], "service");
    assert_eq!(account(&body, "toor2")["privileged"], true);
    assert_eq!(account(&body, "daemon")["password"]["state"], "disabled");
    assert_eq!(account(&body, "root")["last_sign_in"]["state"], "unknown");
    assert!(!body.to_string().contains("SECRET"));
}

#[test]
fn accounts_of_a_directory_make_the_list_incomplete() {
    let root = planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/etc/nsswitch.conf", "passwd: files sss\n"),
    ]);
    let observation = observe(&job(root.path()));
    let body = body(KIND, &observation);
    assert_eq!(body["complete"], false);
    assert_eq!(account(&body, "alice")["password"], Value::Null);
    assert!(outcomes(&observation)[0].contains("sss"));
}

#[test]
fn broken_lines_and_missing_files_are_outcomes() {
    let root = planted(&[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\nSECRET\n"),
        ("/etc/group", "users:x:100:\n"),
    ]);
    std::fs::create_dir_all(root.path().join("etc/shadow")).unwrap();
    let observation = observe(&job(root.path()));
    assert_eq!(body(KIND, &observation)["complete"], false);
    let said = outcomes(&observation);
    assert!(said[0].contains("line 2") && !said[0].contains("SECRET"), "{said:?}");
    assert!(said[1].contains("a directory"), "{said:?}");
    let observation = observe(&job(planted(&[]).path()));
    assert!(observation.body().is_none());
    assert!(outcomes(&observation)[0].starts_with("failed"));
}

#[test]
fn this_machine_is_described_twice_in_the_same_words() {
    let first = observe(&job("/"));
    let second = observe(&job("/"));
    assert_eq!(body(KIND, &first), body(KIND, &second));
    assert_eq!(account(&body(KIND, &first), "root")["uid"], 0);
}
