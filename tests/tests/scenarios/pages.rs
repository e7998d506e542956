//! The page of each plugin says what its program and the rules say.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{ControlId, Framework, RulePack};
use exhibit_plugin::Plugin;

const PAGES: [(Plugin, &str); 2] = [
    (exhibit_plugin_linux::PLUGIN, include_str!("../../../plugins/linux/README.md")),
    (exhibit_plugin_backup::PLUGIN, include_str!("../../../plugins/backup/README.md")),
];
/// What DESIGN asks of every page.
const HEADINGS: [&str; 5] = [
    "What it reads",
    "Permissions it needs",
    "Kinds it emits",
    "Which controls use them",
    "Limits",
];

/// The text below a heading of the second level, up to the next; empty when there is no such heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_default();
    rest.split("\n## ").next().unwrap_or_default()
}

/// Rows of the first table with the given first heading: first cell, second cell.
fn rows<'a>(section: &'a str, first: &str) -> BTreeMap<&'a str, &'a str> {
    let head = format!("| {first} | ");
    let lines = section.lines().skip_while(|line| !line.starts_with(&head)).skip(2);
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').splitn(2, " | ").map(str::trim);
            (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
        })
        .collect()
}

/// `A.5.15 to A.5.18, A.6.5` as five controls.
fn controls(cell: &str, framework: &Framework) -> BTreeSet<ControlId> {
    let mut found = BTreeSet::new();
    for part in cell.split(", ") {
        let mut ends = part.split(" to ").map(|id| id.parse::<ControlId>().unwrap());
        let first = ends.next().unwrap();
        let last = ends.next().unwrap_or(first);
        let between = framework.controls().iter().map(|control| control.id);
        let between: Vec<_> = between.filter(|id| first <= *id && *id <= last).collect();
        assert!(between.contains(&first) && between.contains(&last), "{part} is no control");
        found.extend(between);
    }
    found
}

#[test]
fn every_page_has_its_headings_and_every_kind_of_its_program_and_no_other() {
    for (plugin, page) in PAGES {
        for heading in HEADINGS {
            assert!(!section(page, heading).trim().is_empty(), "{}: {heading}", plugin.name);
        }
        let kinds: BTreeSet<&str> = plugin.catalog.iter().map(|entry| entry.kind).collect();
        for heading in ["What it reads", "Which controls use them"] {
            let told: BTreeSet<&str> = rows(section(page, heading), "kind").into_keys().collect();
            assert_eq!(told, kinds, "{}: {heading}", plugin.name);
        }
        let emitted = section(page, "Kinds it emits");
        for kind in kinds {
            assert!(emitted.contains(kind), "{}: {kind} is not among what it emits", plugin.name);
        }
    }
}

#[test]
fn the_controls_of_a_page_are_those_of_the_rules_that_read_its_kinds() {
    let (pack, framework) = (RulePack::builtin().unwrap(), Framework::builtin().unwrap());
    let mut wrong = String::new();
    for (plugin, page) in PAGES {
        for (kind, cell) in rows(section(page, "Which controls use them"), "kind") {
            let told = controls(cell, &framework);
            let rules = pack.rules().iter().filter(|rule| rule.kind == kind);
            let held: BTreeSet<ControlId> =
                rules.flat_map(|rule| rule.controls.iter().map(|(id, _)| *id)).collect();
            // Where no rule reads it yet the page says which controls it speaks of.
            if !held.is_empty() && told != held {
                let list: Vec<String> = held.iter().map(ToString::to_string).collect();
                wrong.push_str(&format!("{}: | {kind} | {} |\n", plugin.name, list.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "put these rows into the plugins' pages:\n{wrong}");
}
