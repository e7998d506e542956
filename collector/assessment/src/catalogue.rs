//! Tables of what the rules cover, for pages and documents. They never judge.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{framework::Framework, ids::ControlId, pack::RulePack, rule::Strength};

/// One row a rule as a Markdown table: id, title, kind, severity, freshness, controls with relation strength.
#[must_use]
pub fn rule_table(pack: &RulePack) -> String {
    let mut table = "| rule | what it checks | kind | severity | fresh for | controls |\n|---|---|---|---|---|---|\n".to_owned();
    for rule in pack.rules() {
        let controls: Vec<String> = rule
            .controls
            .iter()
            .map(|(control, strength)| format!("{control} {strength}"))
            .collect();
        row(
            &mut table,
            &[
                format!("`{}`", rule.id),
                rule.title.clone(),
                format!("`{}`", rule.kind),
                rule.severity.to_string(),
                format!("{} h", rule.freshness),
                controls.join(", "),
            ],
        );
    }
    table
}

/// One row a control as a Markdown table: id, title, and its rules by relation strength. Controls without a deciding
/// rule say `manual`.
#[must_use]
pub fn control_table(framework: &Framework, pack: &RulePack) -> String {
    let mut table =
        "| control | title | direct | supporting | context |\n|---|---|---|---|---|\n".to_owned();
    for control in framework.controls() {
        let ids = |strength: Strength| {
            let rules =
                pack.rules().iter().filter(|rule| rule.strength(control.id) == Some(strength));
            rules.map(|rule| format!("`{}`", rule.id)).collect::<Vec<_>>().join(" ")
        };
        let mut direct = ids(Strength::Direct);
        let supporting = ids(Strength::Supporting);
        if direct.is_empty() && supporting.is_empty() {
            "manual".clone_into(&mut direct);
        }
        let cells = [
            control.id.to_string(),
            control.title.clone(),
            direct,
            supporting,
            ids(Strength::Context),
        ];
        row(&mut table, &cells);
    }
    table
}

/// One row a kind as a Markdown table: its rules and the controls that they decide.
#[must_use]
pub fn kind_table(pack: &RulePack) -> String {
    let mut kinds: BTreeMap<&str, (Vec<String>, BTreeSet<ControlId>)> = BTreeMap::new();
    for rule in pack.rules() {
        let (rules, controls) = kinds.entry(&rule.kind).or_default();
        rules.push(format!("`{}`", rule.id));
        controls.extend(rule.controls.iter().filter(|(_, how)| how.decides()).map(|(id, _)| *id));
    }
    let mut table = "| kind | controls that its rules decide | rules |\n|---|---|---|\n".to_owned();
    for (kind, (rules, controls)) in kinds {
        let controls: Vec<String> = controls.iter().map(ToString::to_string).collect();
        row(&mut table, &[format!("`{kind}`"), controls.join(", "), rules.join(" ")]);
    }
    table
}

/// The whole page: how many rules, kinds and controls, then the three tables, then the clauses.
#[must_use]
pub fn coverage_page(framework: &Framework, pack: &RulePack) -> String {
    let decided = |strength: Strength| {
        let said = |control: ControlId| {
            pack.rules().iter().any(|rule| rule.strength(control) == Some(strength))
        };
        framework.controls().iter().filter(|control| said(control.id)).count()
    };
    let either = |control: ControlId| {
        pack.rules().iter().any(|rule| rule.strength(control).is_some_and(Strength::decides))
    };
    let machine = framework.controls().iter().filter(|control| either(control.id)).count();
    let kinds: BTreeSet<&str> = pack.rules().iter().map(|rule| rule.kind.as_str()).collect();
    let clauses: Vec<String> =
        framework.clauses().iter().map(|clause| clause.id.to_string()).collect();
    format!(
        "# What the rules cover\n\nMade from the rules; a test holds it equal to them.\n\n\
         {} rules look at {} kinds of evidence. Of {} controls, {} have a rule of relation `direct`, {} one of \
         relation `supporting`, and {} at least one of the two. The other {} are `manual`: no rule decides them, \
         documents and people do. So it is with all clauses ({}).\n\n\
         ## From kind to control\n\n{}\n## From rule to control\n\n{}\n## From control to rule\n\n{}",
        pack.rules().len(),
        kinds.len(),
        framework.controls().len(),
        decided(Strength::Direct),
        decided(Strength::Supporting),
        machine,
        framework.controls().len() - machine,
        clauses.join(", "),
        kind_table(pack),
        rule_table(pack),
        control_table(framework, pack),
    )
}

fn row(table: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    // Writing into a String cannot fail; the formatter's error exists for other sinks.
    writeln!(table, "| {} |", cells.join(" | ")).unwrap_or_default();
}
