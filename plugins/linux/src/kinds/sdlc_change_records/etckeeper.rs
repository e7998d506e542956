//! Commits of etckeeper: when, by whom, which files. Neither their words nor their differences are read.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::sdlc_change_records::{Change, ChangeResult};
use jiff::Timestamp;

use super::Records;
use crate::{look::Look, tool::Tool};

pub(super) fn read(look: &mut Look<'_>, records: &mut Records) {
    if !look.host.is_live() || !look.host.exists("/etc/.git") {
        return;
    }
    let since = format!("--since=@{}", records.since.as_second());
    // Named so, git asks neither whose folder it is nor what lies in /etc.
    let arguments =
        ["--git-dir=/etc/.git", "log", &since, "--name-only", "--format=%x01%H%x09%ct%x09%an"];
    let Some(output) = look.run(&Tool::new("git", &arguments)) else { return };
    if !output.is_success() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("the history of /etc is not known: git log {}", output.fault()),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root) so that it may read /etc/.git",
        );
        return;
    }
    let changes: Vec<Change> = output.stdout.split('\u{1}').filter_map(commit).collect();
    let first = ["--git-dir=/etc/.git", "log", "--max-parents=0", "--format=%ct"];
    let oldest = look.run(&Tool::new("git", &first)).and_then(|output| {
        let times = output.stdout.lines().filter_map(|line| line.trim().parse().ok());
        Timestamp::from_second(times.min()?).ok()
    });
    records.changes.extend(changes);
    records.source("etckeeper", oldest, true);
}

fn commit(text: &str) -> Option<Change> {
    let mut lines = text.lines();
    let mut head = lines.next()?.split('\t');
    let (id, seconds, actor) = (head.next()?, head.next()?.parse().ok()?, head.next()?);
    let items: Vec<String> =
        lines.filter(|line| !line.is_empty()).map(|p| format!("/etc/{p}")).collect();
    Some(Change {
        at: Timestamp::from_second(seconds).ok()?,
        id: id.to_owned(),
        source: "etckeeper".to_owned(),
        kind: "configuration".to_owned(),
        actor: Some(actor.to_owned()),
        automatic: None,
        summary: format!("commit of {} files", items.len()),
        item_count: u64::try_from(items.len()).unwrap_or(u64::MAX),
        items,
        ticket: None,
        approved_by: Vec::new(),
        result: ChangeResult::Success,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_told_by_its_files() {
        let change = commit("abc\t1795100000\talice\n\npasswd\nssh/sshd_config\n").unwrap();
        assert_eq!(change.items, ["/etc/passwd", "/etc/ssh/sshd_config"]);
        assert_eq!(change.summary, "commit of 2 files");
        assert_eq!(commit(""), None);
    }
}
