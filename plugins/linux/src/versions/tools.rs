//! The orders beside the package managers' own: many made versions, each pair asked of the tool. A tool that is not installed holds
//! nothing; `tests/run` installs all of them.

use std::{cmp::Ordering, fs, process::Command};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::Scheme;

/// Versions of the given pieces, and beside each one that differs in few places: those pairs are the hard ones.
fn pairs(pieces: &'static [&'static str], count: usize) -> Vec<(String, String)> {
    let mut runner = TestRunner::deterministic();
    let piece = proptest::sample::select(pieces);
    let tail = proptest::collection::vec(piece.clone(), 0..5);
    let pair = (proptest::collection::vec(piece, 0..4), tail.clone(), tail);
    (0..count)
        .map(|_| {
            let (head, left, right) = pair.new_tree(&mut runner).unwrap().current();
            let of = |tail: &[&str]| format!("1{}{}", head.concat(), tail.concat());
            (of(&left), of(&right))
        })
        .collect()
}

fn order(number: &str) -> Ordering {
    number.trim().parse::<i32>().unwrap().cmp(&0)
}

#[test]
fn dpkg_agrees() {
    if crate::tool::find("dpkg").is_none() {
        return;
    }
    let pieces = &["0", "1", "9", "10", "a", "Z", ".", "+", "~", "~~", "-1", "rc", "01"];
    for (left, right) in pairs(pieces, 400) {
        let says = |relation: &str| {
            let mut dpkg = Command::new("dpkg");
            dpkg.args(["--compare-versions", &left, relation, &right]).status().unwrap().success()
        };
        let expected = match (says("lt"), says("eq")) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Equal,
            (_, _) => Ordering::Greater,
        };
        assert_eq!(Scheme::Dpkg.compare(&left, &right), expected, "{left} {right}");
    }
}

#[test]
fn rpm_agrees() {
    if crate::tool::find("rpm").is_none() {
        return;
    }
    let pieces = &["0", "1", "9", "10", "a", "Z", ".", "_", "~", "^", "+", "rc", "01", ".el9"];
    let pairs = pairs(pieces, 1_000);
    let calls: Vec<String> = pairs
        .iter()
        .map(|(left, right)| format!("print(rpm.vercmp('{left}','{right}'))"))
        .collect();
    // What lua prints stands in one line, number by number.
    let output =
        Command::new("rpm").args(["--eval", &format!("%{{lua:{}}}", calls.join("\n"))]).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let mut numbers = Vec::new();
    let mut minus = false;
    for byte in text.chars().filter(|byte| !byte.is_whitespace()) {
        match byte {
            '-' => minus = true,
            digit => {
                numbers.push(if minus { Ordering::Less } else { order(&digit.to_string()) });
                minus = false;
            }
        }
    }
    assert_eq!(numbers.len(), pairs.len());
    for ((left, right), expected) in pairs.iter().zip(numbers) {
        assert_eq!(Scheme::Rpm.compare(left, right), expected, "{left} {right}");
    }
}

#[test]
fn pacman_agrees() {
    if crate::tool::find("vercmp").is_none() {
        return;
    }
    let pieces = &["0", "1", "9", "10", "a", "Z", ".", "_", "~", "+", "rc", "01", "..", "-1"];
    for (left, right) in pairs(pieces, 600) {
        let output = Command::new("vercmp").args([&left, &right]).output().unwrap();
        let expected = order(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(Scheme::Pacman.compare(&left, &right), expected, "{left} {right}");
    }
}

/// The cases of apk-tools itself, as Debian ships them in the source of another program.
#[test]
fn apk_agrees_on_the_cases_of_apk_tools() {
    let path = "/usr/share/gocode/src/github.com/knqyf263/go-apk-version/version_testcase.go";
    let Ok(text) = fs::read_to_string(path) else { return };
    let mut held = 0;
    for line in text.lines().filter(|line| !line.contains("invalid")) {
        let cells: Vec<&str> = line.split('"').collect();
        let [_, left, _, sign, _, right, _] = cells.as_slice() else { continue };
        let expected = match *sign {
            "<" => Ordering::Less,
            ">" => Ordering::Greater,
            _ => Ordering::Equal,
        };
        assert_eq!(Scheme::Apk.compare(left, right), expected, "{line}");
        held += 1;
    }
    assert!(held > 500, "only {held} cases");
}
