//! The fuzzer's seeds as an ordinary test: what reads bytes from strangers accepts the good ones, refuses the bad ones,
//! and survives every truncation and every changed byte of each. `tests/fuzz` searches further.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[expect(unreachable_pub, reason = "it is a crate of its own for the fuzzer")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use targets::TARGETS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Name and content of each seed of a target.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fs::read_dir(fuzz().join("seeds").join(target)).unwrap();
    let files = folder.map(|entry| entry.unwrap());
    files
        .map(|file| {
            (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).unwrap())
        })
        .collect()
}

#[test]
fn good_seeds_are_accepted_and_bad_ones_refused() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        for sort in ["good-", "bad-"] {
            assert!(seeds.iter().any(|(seed, _)| seed.starts_with(sort)), "{name} has no {sort}*");
        }
        for (seed, bytes) in seeds {
            assert!(bytes.len() < 2048, "{name}/{seed} is not small");
            assert_eq!(target(&bytes), seed.starts_with("good-"), "{name}/{seed}");
        }
    }
}

#[test]
fn no_truncation_and_no_changed_byte_brings_a_parser_down() {
    for (name, target) in TARGETS {
        // This one starts a plugin each time.
        let step = if name == "host_file" { 16 } else { 1 };
        for (_, bytes) in seeds(name) {
            for end in (0..bytes.len()).step_by(step) {
                target(bytes.get(..end).unwrap());
            }
            for at in (0..bytes.len()).step_by(step) {
                for change in [0x01_u8, 0x10, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    *changed.get_mut(at).unwrap() ^= change;
                    target(&changed);
                }
            }
        }
    }
}

#[test]
fn every_target_can_be_fuzzed() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let folder = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(folder)).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
        entries.map(|entry| stem(entry.unwrap().path())).collect()
    };
    assert_eq!(folder("fuzz_targets"), names);
    assert_eq!(folder("seeds"), names);
}
