use serde_json::{Value, json};

use super::*;
use crate::kinds::testing::{body, job, outcomes, planted};

const PASSWD: &str = "root:x:0:0::/root:/bin/bash\ntoor2:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/h:/bin/sh\n\
    bob:x:1001:27::/h:/bin/sh\ncarol:x:1002:1002::/h:/bin/sh\n";
const GROUP: &str =
    "root:x:0:\nsudo:x:27:alice\ndocker:x:990:carol\ndisk:x:6:\nshadow:x:42:carol\n";

fn see(sudoers: &str) -> (Value, Vec<String>) {
    let root =
        planted(&[("/etc/passwd", PASSWD), ("/etc/group", GROUP), ("/etc/sudoers", sudoers)]);
    let observation = observe(&job(root.path()));
    (body(KIND, &observation), outcomes(&observation))
}

fn grant<'a>(body: &'a Value, id: &str) -> &'a Value {
    let grants = body["grants"].as_array().unwrap();
    grants
        .iter()
        .find(|grant| grant["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {grants:#?}"))
}

#[test]
fn every_way_to_root_is_a_grant() {
    let (body, said) = see(
        "Defaults use_pty\nDefaults:carol !authenticate\nUser_Alias OPS = alice, carol\nCmnd_Alias SHELLS = /bin/sh, /bin/bash\n\
         root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\nOPS web=(www) NOPASSWD: SHELLS\ncarol ALL=/bin/x\n\
         gone ALL=(ALL) NOPASSWD: ALL\n+netgroup ALL=ALL\nALL, !%sudo ALL=/bin/y\n",
    );
    assert_eq!(said, [""; 0]);
    assert_eq!(body["complete"], true);
    assert_eq!(body["mechanisms"], json!(["group", "passwd", "sudo"]));
    assert_eq!(grant(&body, "uid0 toor2")["source"], "/etc/passwd:2");
    assert_eq!(grant(&body, "group docker")["full"], true);
    assert_eq!(grant(&body, "group shadow")["full"], false);
    let sudo = grant(&body, "sudo %sudo ALL=(ALL,:ALL) ALL");
    assert_eq!(sudo["members"], json!(["alice", "bob"]));
    assert_eq!((&sudo["full"], &sudo["authentication_required"]), (&json!(true), &json!(true)));
    let shells = grant(&body, "sudo carol web=(www) NOPASSWD: /bin/sh, /bin/bash");
    assert_eq!((&shells["full"], &shells["scope"]), (&json!(false), &json!(["web"])));
    assert_eq!(
        grant(&body, "sudo carol ALL=(root) NOPASSWD: /bin/x")["authentication_required"],
        false
    );
    assert_eq!(grant(&body, "sudo gone ALL=(ALL) NOPASSWD: ALL")["members"], Value::Null);
    assert_eq!(grant(&body, "sudo +netgroup ALL=(root) ALL")["principal"]["type"], "external");
    let everyone = grant(&body, "sudo ALL ALL=(root) /bin/y");
    assert_eq!(everyone["members"], json!(["carol", "root", "toor2"]));
    assert!(body["grants"].as_array().unwrap().iter().all(|grant| grant["id"] != "group disk"));
    assert_eq!(body["settings"][1]["name"], "use_pty");
}

#[test]
fn a_broken_line_makes_the_list_incomplete() {
    let (body, said) = see("%sudo ALL=(ALL) ALL\nbob ALL\n");
    assert_eq!(body["complete"], false);
    assert!(said[0].contains("/etc/sudoers:2"), "{said:?}");
    grant(&body, "sudo %sudo ALL=(ALL) ALL");
}

#[test]
fn grants_that_are_written_elsewhere_are_an_outcome() {
    let root = planted(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/etc/nsswitch.conf", "sudoers: files sss\n"),
        ("/etc/doas.conf", "permit :wheel\n"),
    ]);
    let observation = observe(&job(root.path()));
    assert_eq!(body(KIND, &observation)["complete"], false);
    let said = outcomes(&observation);
    assert!(said[0].contains("sss") && said[1].contains("doas"), "{said:?}");
}

#[test]
fn this_machine_is_described_twice_in_the_same_words() {
    let (first, second) = (observe(&job("/")), observe(&job("/")));
    assert_eq!(body(KIND, &first), body(KIND, &second));
    grant(&body(KIND, &first), "uid0 root");
}
