//! Populations and samples in a bundle: every list is held against its documents, every sample is drawn again, by us and by
//! tools that are not ours.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::process::{Command, Output};

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::sample::{
    self, Drawn, MEDIA_TYPE, POPULATION, Plan, Population, SAMPLE, Size, Source,
};
use exhibit_proto::statement::{Act, DECISION, Decision, Statement, decision_file};
use exhibit_verifier::report::{Check, State};
use serde_json::Value;
use support::{Files, Place, World, agent_key, failed_in, problems};

const NUMBER: &str = "17 4 2";

type Change<T> = fn(&mut T);

/// A log whose population is its documents, as many as differ.
struct Room {
    world: World,
    population: Population,
    list: String,
    entry: u64,
}

impl Room {
    fn new(change: impl FnOnce(&mut Population, &mut String)) -> Self {
        let mut world = World::honest();
        for _ in 0..6 {
            world.evidence(&agent_key(), |_| {});
        }
        let mut lines = Vec::new();
        for text in &world.documents {
            let body = serde_json::from_str::<Value>(text).unwrap()["body"].clone();
            let at = ("host:a", &Digest::of(text.as_bytes()));
            lines.extend(sample::document_lines((None, &[]), at, &body).unwrap());
        }
        let mut list = sample::list(lines);
        assert!(list.lines().count() > 4, "{list}");
        let source = Source {
            entries: world.entries.len() as u64,
            kind: Some("patch.status".parse().unwrap()),
            rows: None,
            fields: Vec::new(),
            targets: "all".into(),
            selected: 1,
            without: 0,
        };
        let mut population = Population {
            title: "Everything".into(),
            audit: None,
            source,
            digest: Digest::of(list.as_bytes()),
            items: list.lines().count() as u64,
            draw: Plan::new(Size::Items(3), false),
            sealed: None,
        };
        change(&mut population, &mut list);
        let entry = world.entries.len() as u64;
        let mut room = Self { world, population, list, entry };
        let value = serde_json::to_value(&room.population).unwrap();
        room.put(POPULATION, "ada", value, room.population.digest);
        room
    }

    fn put(&mut self, register: &str, by: &str, value: Value, file: Digest) {
        let decision = Decision {
            register: register.into(),
            id: "P-1".into(),
            after: None,
            act: Act::Put,
            value: Some(value),
            by: by.into(),
            reason: "stage 2".into(),
        };
        let subject = vec![decision_file(file, MEDIA_TYPE)];
        self.world.own(EntryType::Decision, &Statement::new(DECISION, subject, decision));
    }

    /// What follows from the number.
    fn drawn(&self) -> (Drawn, String) {
        let leaf = &self.world.leaves()[usize::try_from(self.entry).unwrap()];
        let origin = self.world.checkpoint().origin;
        let place = (origin.as_str(), self.entry, sample::leaf(leaf));
        self.population.drawn(place, self.list.as_bytes(), NUMBER).unwrap()
    }

    /// Draws, as `change` has it, and answers the bundle's files.
    fn draw(&mut self, by: &str, change: impl FnOnce(&mut Drawn)) -> Files {
        let (mut drawn, lines) = self.drawn();
        change(&mut drawn);
        self.put(SAMPLE, by, serde_json::to_value(&drawn).unwrap(), drawn.digest);
        let mut files = self.world.files();
        files.insert(bundle::file(&self.population.digest), self.list.clone().into_bytes());
        files.insert(bundle::file(&Digest::of(lines.as_bytes())), lines.into_bytes());
        files
    }

    fn sample_entry(&self) -> String {
        bundle::envelope(&Digest::of(&self.world.entries.last().unwrap().envelope))
    }
}

fn exhibit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_exhibit")).arg("sample").args(arguments).output().unwrap()
}

#[test]
fn a_sample_is_drawn_again_from_the_bundle_and_its_list_follows_from_the_documents() {
    let mut room = Room::new(|_, _| {});
    let files = room.draw("eve of the auditors", |_| {});
    let report = Place::new(&files).report();
    assert_eq!(problems(&report), [""; 0]);
    let found = &report.samples[0];
    assert_eq!((found.id.as_str(), found.population, found.sealed), ("P-1", room.entry, false));
    let sample = found.sample.as_ref().unwrap();
    assert_eq!((sample.state, sample.items, sample.number.as_str()), (State::Verified, 3, NUMBER));
    assert!(report.items.iter().all(|item| item.notes.is_empty()));

    let place = Place::new(&files);
    let policy = place.beside("policy", &room.world.policy());
    let (folder, policy) = (place.path(), policy.display().to_string());
    let folder = folder.display().to_string();
    let told = exhibit(&[&folder, "--policy", &policy]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success() && text.contains("drawn again, the same"), "{text}");
    let lines = room.drawn().1;
    assert!(lines.lines().all(|line| text.contains(line)), "{text}");
    let json = exhibit(&[&folder, "--policy", &policy, "--json", "--population", "P-1"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["samples"][0]["drawn"].as_array().unwrap().len(), 3);
    let unknown = exhibit(&[&folder, "--policy", &policy, "--population", "P-2"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_page_of_shell_draws_the_same_from_list_leaf_and_number() {
    let mut room = Room::new(|_, _| {});
    let files = room.draw("eve", |_| {});
    let (place, origin) = (Place::new(&files), room.world.checkpoint().origin);
    let list = place.path().join(bundle::file(&room.population.digest));
    let leaf = place.path().join(bundle::leaf(room.entry));
    let script = r#"
leaf=$(sha256sum < "$2" | cut -c1-64)
seed=$(printf 'exhibit sample v1\n%s\n%s\n%s\n%s\n' "$3" "$4" "$leaf" "$5" | sha256sum | cut -c1-64)
while IFS= read -r line; do
  printf '%s %s\n' "$(printf '%s:%s' "$seed" "$line" | sha256sum | cut -c1-64)" "$line"
done < "$1" | LC_ALL=C sort | head -n 3 | cut -d' ' -f2-
"#;
    let (list, leaf) = (list.display().to_string(), leaf.display().to_string());
    let entry = room.entry.to_string();
    let shell = Command::new("sh")
        .args(["-c", script, "sh", &list, &leaf, &origin, &entry, NUMBER])
        .output()
        .unwrap();
    let lines = room.drawn().1;
    assert_eq!(String::from_utf8(shell.stdout).unwrap(), lines);
    // So does ours, out of the same files.
    let number = ["--origin", &origin, "--entry", &entry, "--leaf", &leaf, "--number", NUMBER];
    let ours = exhibit(&[&["--list", &list, "--items", "3"], &number[..]].concat());
    assert_eq!(String::from_utf8(ours.stdout).unwrap(), lines);
    let seed = room.drawn().0.seed.to_string();
    let seeded = exhibit(&["--list", &list, "--items", "3", "--seed", &seed, "--json"]);
    let json: Value = serde_json::from_slice(&seeded.stdout).unwrap();
    assert_eq!(json["digest"], Digest::of(lines.as_bytes()).to_string());
    assert_eq!(exhibit(&["--list", &list, "--seed", &seed]).status.code(), Some(2));
}

#[test]
fn a_draw_that_does_not_follow_fails() {
    let wrong: [(&str, Change<Drawn>); 4] = [
        ("the seed", |drawn| drawn.seed = Digest::of(b"nicer")),
        ("the digest of the leaf", |drawn| drawn.leaf = Digest::of(b"other")),
        ("the seed", |drawn| drawn.number = "17 4 3".into()),
        ("the number of drawn lines", |drawn| drawn.items = 2),
    ];
    for (what, change) in wrong {
        let mut room = Room::new(|_, _| {});
        let files = room.draw("eve", change);
        let report = Place::new(&files).report();
        assert!(failed_in(&report, Check::Statement, &room.sample_entry()), "{what}");
        assert!(
            problems(&report).iter().any(|text| text.contains(what)),
            "{:?}",
            problems(&report)
        );
        assert!(report.samples[0].sample.is_none());
    }
    // A second draw, even an equal one: nobody knows how many more there were.
    let mut room = Room::new(|_, _| {});
    room.draw("eve", |_| {});
    let files = room.draw("eve", |_| {});
    let report = Place::new(&files).report();
    assert!(failed_in(&report, Check::Statement, &room.sample_entry()));
}

#[test]
fn a_list_with_a_line_that_no_document_gives_or_without_one_that_it_gives_fails() {
    let changes: [Change<String>; 2] = [
        |list| *list = list.replacen("\"pending\":", "\"pending\":1", 1),
        |list| {
            let line = list.lines().next().unwrap().replacen("\"pending\"", "\"zending\"", 1);
            *list = sample::list(list.lines().map(str::to_owned).chain([line]).collect());
        },
    ];
    for change in changes {
        let mut room = Room::new(|population, list| {
            change(list);
            population.digest = Digest::of(list.as_bytes());
            population.items = list.lines().count() as u64;
        });
        let files = room.draw("eve", |_| {});
        let report = Place::new(&files).report();
        let path = bundle::file(&room.population.digest);
        assert!(failed_in(&report, Check::Documents, &path), "{:?}", problems(&report));
    }
}

#[test]
fn what_is_not_there_is_not_checked_and_one_person_for_both_is_noted() {
    let mut room = Room::new(|_, _| {});
    let mut files = room.draw("ada", |_| {});
    let report = Place::new(&files).report();
    let noted = report.items.iter().flat_map(|item| &item.notes);
    assert!(noted.into_iter().any(|note| note.contains("brought its number too")));
    files.remove(&bundle::file(&room.population.digest));
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::NotChecked, "{:?}", problems(&report));
    assert_eq!(report.samples[0].sample.as_ref().unwrap().state, State::NotChecked);
    // A promise that was kept needs nobody else.
    let mut sealed = Room::new(|population, _| {
        population.sealed = Some(Digest::of(NUMBER.as_bytes()));
    });
    let files = sealed.draw("ada", |_| {});
    let report = Place::new(&files).report();
    assert_eq!(problems(&report), [""; 0]);
    assert!(report.samples[0].sealed && report.items.iter().all(|item| item.notes.is_empty()));
}
