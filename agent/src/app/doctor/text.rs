//! What `doctor` tells, as a person reads it in a window of 80 columns. Lines that are to be copied stay whole.

use exhibit_proto::document::Kind;

use super::Told;
use super::checks::{Check, Health};
use crate::doctor::{Finding, Sight, Unit};

/// Columns of the narrowest window that matters.
const WIDTH: usize = 79;

impl Told {
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.checks.iter().flat_map(Check::lines).collect();
        lines.push(String::new());
        lines.extend(wrapped(&format!("rights of the plugins: {}", self.privileges.join("; ")), 2));
        if !self.vetoes.is_empty() {
            let text = format!("you forbid by [deny], in every statement: {}", self.vetoes);
            lines.extend(wrapped(&text, 2));
        }
        lines.extend(self.table());
        lines.extend(self.kinds.iter().flat_map(why));
        lines.extend(self.systemd.units.iter().flat_map(unit));
        lines.extend(section(
            "in the agent's configuration, so that evidence says it is your choice:",
            &self.systemd.deny,
        ));
        let lacking = self.kinds.iter().filter(|kind| kind.lacking).count();
        let failed = self.checks.iter().filter(|check| check.health == Health::Fails).count();
        lines.push(String::new());
        lines.push(format!(
            "{} kinds tried, {lacking} lack something; {} checks, {failed} failed",
            self.kinds.len(),
            self.checks.len()
        ));
        lines
    }

    /// What this host yields now, and would at each level of rights.
    fn table(&self) -> Vec<String> {
        if self.kinds.is_empty() {
            return Vec::new();
        }
        let row = |cells: [&str; 4]| {
            let [kind, now, capabilities, root] = cells;
            format!("{kind:30} {now:14} {capabilities:19} {root}").trim_end().to_owned()
        };
        let head = row(["kind", "now", "with capabilities", "as root"]);
        let rows = self.kinds.iter().map(|found| {
            let [now, capabilities, root] =
                [found.sight, found.with_capabilities, found.as_root].map(|sight| sight.as_str());
            row([found.kind.as_str(), now, capabilities, root])
        });
        let mut lines: Vec<String> = [String::new(), head].into_iter().chain(rows).collect();
        let not_rights = |found: &Finding| found.lacking && found.as_root != Sight::Collected;
        if self.kinds.iter().any(not_rights) {
            let text = "What is not collected even as root lacks no right: the reasons below name the setting, the tool or the veto.";
            lines.push(String::new());
            lines.extend(wrapped(text, 0));
        }
        lines
    }
}

/// Why something of a kind is not seen.
fn why(found: &Finding) -> Vec<String> {
    if found.reasons.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("{}: {}", found.kind, found.sight.as_str())];
    for reason in &found.reasons {
        let word = reason.outcome.replace('_', " ");
        lines.extend(wrapped(&format!("- {word}: {}", reason.detail), 2));
        lines.extend(wrapped(&format!("  to change it: {}", reason.remedy), 4));
    }
    lines
}

/// What a person may write into a drop-in of one unit.
fn unit(unit: &Unit) -> Vec<String> {
    let name = &unit.unit;
    // Short enough that no line breaks within the command.
    let title = format!("to grant what is missing, `systemctl edit {name}`:");
    let mut lines = section(&title, &unit.grant);
    lines.extend(section("to refuse it for good, in the same drop-in:", &unit.refuse));
    let kinds: Vec<&str> = unit.root.iter().map(Kind::as_str).collect();
    let title = format!(
        "no capability gives all of {}: only root sees it; in a drop-in of {name}:",
        kinds.join(", ")
    );
    lines.extend(section(&title, &unit.grant_root));
    lines
}

fn section(title: &str, text: &[String]) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let text = text.iter().map(|line| format!("  {line}"));
    [String::new()].into_iter().chain(wrapped(title, 2)).chain(text).collect()
}

/// A text in lines of a window's width; those after the first begin with so many blanks. What has no blank stays whole.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let lead = text.len() - text.trim_start().len();
    let mut line = " ".repeat(lead);
    let mut begun = false;
    for word in text.split_whitespace() {
        if begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            begun = false;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
        begun = true;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_at_blanks_and_a_long_word_stays_whole() {
        let path = "/a".repeat(60);
        let lines = wrapped(&format!("- denied: permission denied reading {path} of this host"), 2);
        assert_eq!(
            lines,
            ["- denied: permission denied reading", &format!("  {path}"), "  of this host"]
        );
        let text = "word ".repeat(60);
        assert!(wrapped(&text, 4).iter().all(|line| line.len() <= WIDTH));
        assert_eq!(wrapped("  to change it: x", 4), ["  to change it: x"]);
    }
}
