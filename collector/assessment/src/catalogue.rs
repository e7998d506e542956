//! Tables of what the rules cover, for pages and documents. They never judge.

use std::fmt::Write as _;

use crate::{framework::Framework, pack::RulePack, rule::Strength};

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

fn row(table: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    // Writing into a String cannot fail; the formatter's error exists for other sinks.
    writeln!(table, "| {} |", cells.join(" | ")).unwrap_or_default();
}
