//! A log that shows less than it has shown: the program says so and ends with a code of its own.
#![cfg(feature = "online")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::note::Note;
use exhibit_verifier::report::{Check, Report, State};
use support::{Files, Place, World, agent_key, key};

/// Serves what is published at the moment, a file a connection.
struct Served {
    files: Arc<Mutex<Files>>,
    url: String,
}

impl Served {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/log", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(Files::new()));
        let shared = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let asked = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let path = asked.split(' ').nth(1).unwrap().strip_prefix("/log/").unwrap();
                let found = shared.lock().unwrap().get(path).cloned();
                let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
                let body = found.unwrap_or_default();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )
                .and_then(|()| stream.write_all(&body))
                .unwrap();
            }
        });
        Self { files, url }
    }

    fn publish(&self, files: Files) {
        *self.files.lock().unwrap() = files;
    }

    fn verify(&self, policy: &Path, state: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exhibit"));
        command.args(["verify", "--json", "--url", &self.url, "--policy"]).arg(policy);
        command.env("NO_PROXY", "127.0.0.1").arg("--state").arg(state).output().unwrap()
    }
}

fn published(world: &World) -> Files {
    let all = world.files_of(|_| false).into_iter();
    all.filter(|(path, _)| path.starts_with("tile/") || path == "checkpoint").collect()
}

fn grown(by: usize) -> World {
    let mut world = World::honest();
    for _ in 0..by {
        world.heartbeat(&agent_key());
    }
    world
}

fn report(output: &Output) -> Report {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_log_that_shows_less_than_it_has_shown_ends_the_program_with_3() {
    let (served, place) = (Served::start(), Place::new(&Files::new()));
    let policy = place.beside("trusted", &World::honest().policy());
    let state = policy.with_file_name("state");
    let newest = published(&grown(300));
    served.publish(newest.clone());
    assert_eq!(served.verify(&policy, &state).status.code(), Some(0));
    // The old head, over tiles that still show what came after it.
    let old = published(&grown(20));
    let mut stale = newest.clone();
    stale.extend(old.clone());
    served.publish(stale);
    for _ in 0..2 {
        let told = served.verify(&policy, &state);
        assert_eq!(told.status.code(), Some(3), "{}", String::from_utf8_lossy(&told.stdout));
        let report = report(&told);
        assert_eq!((report.behind, report.state), (Some(305), State::NotChecked));
    }
    // Without its tiles nothing shows that it is a past at all.
    served.publish(old);
    assert_eq!(served.verify(&policy, &state).status.code(), Some(1));
    served.publish(newest);
    let told = served.verify(&policy, &state);
    assert_eq!((told.status.code(), report(&told).behind), (Some(0), None));
}

#[test]
fn witnesses_that_are_slow_withhold_nothing() {
    let (served, place) = (Served::start(), Place::new(&Files::new()));
    let witness = Witness::new("seen.example", key(5).public()).unwrap().vkey();
    let asked =
        World::honest().policy().replace("quorum none", &format!("witness w {witness}\nquorum w"));
    let (plain, policy) =
        (place.beside("plain", &World::honest().policy()), place.beside("trusted", &asked));
    let state = policy.with_file_name("state");
    let cosigned = |files: &Files| {
        let note = String::from_utf8(files["checkpoint"].clone()).unwrap();
        let text = Note::parse(note.as_bytes()).unwrap().text().to_owned();
        let line = cosign(&text, "seen.example", &key(5), 1_795_000_000).unwrap();
        ("checkpoint/cosigned".to_owned(), (note + &line).into_bytes())
    };
    let (old, mut newest) = (published(&grown(20)), published(&grown(300)));
    newest.extend([cosigned(&old)]);
    for (path, bytes) in &old {
        newest.entry(path.clone()).or_insert_with(|| bytes.clone());
    }
    served.publish(newest.clone());
    // The newest head is remembered by somebody who asks for no witness.
    assert_eq!(served.verify(&plain, &state).status.code(), Some(0));
    let head = std::fs::read(state.join("head")).unwrap();
    let told = served.verify(&policy, &state);
    let said = report(&told);
    assert_eq!((told.status.code(), said.behind), (Some(0), None), "{:?}", said.findings);
    assert_eq!(said.checks[&Check::Consistency], State::Verified);
    let words = "extends the remembered one over 305; witnesses have cosigned up to 25";
    assert!(said.findings.iter().any(|finding| finding.detail.contains(words)), "{said:?}");
    assert_eq!(std::fs::read(state.join("head")).unwrap(), head, "the newer one is remembered");
    // The newest head is kept back too.
    newest.insert("checkpoint".into(), old["checkpoint"].clone());
    served.publish(newest);
    let told = served.verify(&policy, &state);
    assert_eq!((told.status.code(), report(&told).behind), (Some(3), Some(305)));
}
