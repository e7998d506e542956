//! What the last run of a manager left, as plain parsers over text. They keep numbers and times, no resource.

use exhibit_plugin::kinds::config_desired_state::StateResult;
use jiff::Timestamp;

/// What a report says.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) time: Option<Timestamp>,
    pub(super) version: Option<String>,
    pub(super) changed: Option<u64>,
    pub(super) failed: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) no_operation: Option<bool>,
}

impl Report {
    pub(super) fn result(&self) -> Option<StateResult> {
        match (self.failed, self.changed) {
            (Some(failed), _) if failed > 0 => Some(StateResult::Failed),
            (_, Some(0)) => Some(StateResult::Unchanged),
            (_, Some(_)) => Some(StateResult::Changed),
            (_, None) => None,
        }
    }
}

/// A report whose content is not read.
pub(super) fn time_only(_text: &str) -> Report {
    Report::default()
}

/// `last_run_summary.yaml`: sections at the margin, `key: value` below them.
pub(super) fn puppet(text: &str) -> Report {
    let mut section = "";
    let mut report = Report::default();
    let mut broken = false;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches('"');
        if !line.starts_with(' ') {
            section = key.trim();
            continue;
        }
        match (section, key.trim()) {
            ("resources", "changed") => report.changed = value.parse().ok(),
            ("resources", "failed") => report.failed = value.parse().ok(),
            ("resources", "total") => report.total = value.parse().ok(),
            ("version", "config") => report.version = Some(value.to_owned()),
            // Said only by what would have been changed: the file has no word for the run as a whole.
            ("events", "noop") if value.parse::<u64>().is_ok_and(|count| count > 0) => {
                report.no_operation = Some(true);
            }
            ("time", "last_run") => {
                report.time =
                    value.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            }
            // Other resources were changed, so the run was none of trial.
            ("events", "success") if value.parse::<u64>().is_ok_and(|count| count > 0) => {
                report.no_operation = Some(false);
            }
            ("events", "failure") => broken |= value.parse::<u64>().is_ok_and(|count| count > 0),
            (_, _) => {}
        }
    }
    // A catalog that could not be fetched leaves no resources, only a failure.
    if broken && report.failed.unwrap_or(0) == 0 {
        report.failed = Some(1);
    }
    report
}

/// A run status of Chef as its JSON handlers write it.
pub(super) fn chef(text: &str) -> Report {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return Report::default();
    };
    let count = |key: &str| {
        let list = value.get(key)?;
        list.as_u64().or_else(|| u64::try_from(list.as_array()?.len()).ok())
    };
    let failed =
        value.get("success").and_then(serde_json::Value::as_bool).map(|good| u64::from(!good));
    Report {
        time: value.get("end_time").and_then(|time| time.as_str()?.replace(' ', "T").parse().ok()),
        changed: count("updated_resources"),
        total: count("all_resources"),
        failed,
        ..Report::default()
    }
}

/// The last recap of a log: `host : ok=10 changed=0 unreachable=0 failed=0`. Its times have no zone: the file's is used.
pub(super) fn ansible(text: &str) -> Report {
    let after = text.rfind("PLAY RECAP").and_then(|at| text.get(at..)).unwrap_or_default();
    let line = after.lines().find(|line| line.contains("ok=") && line.contains("changed="));
    let count = |key: &str| {
        let mut words = line?.split_whitespace();
        words.find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok())
    };
    let failed = count("failed").map(|failed| failed + count("unreachable").unwrap_or(0));
    Report { changed: count("changed"), failed, total: count("ok"), ..Report::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Puppet 7.23.0 (Debian 12) wrote of two runs of `puppet apply`, one of them with `--noop`; times of types left out.
    const SUMMARY: &str = "---\nversion:\n  config: 1795437739\n  puppet: 7.23.0\napplication:\n  run_mode: user\n  initial_environment: production\n  converged_environment: production\nresources:\n  changed: 1\n  corrective_change: 0\n  failed: 1\n  failed_to_restart: 0\n  out_of_sync: 2\n  restarted: 0\n  scheduled: 0\n  skipped: 0\n  total: 9\ntime:\n  catalog_application: 0.06331466600386193\n  total: 0.064020332\n  last_run: 1795437739\nchanges:\n  total: 1\nevents:\n  failure: 1\n  success: 1\n  total: 2\n";
    const NOOP: &str = "---\nversion:\n  config: 1795437767\n  puppet: 7.23.0\nresources:\n  changed: 0\n  corrective_change: 0\n  failed: 0\n  out_of_sync: 1\n  total: 9\ntime:\n  last_run: 1795437767\nchanges:\n  total: 0\nevents:\n  failure: 0\n  noop: 1\n  success: 0\n  total: 1\n";

    #[test]
    fn summaries_that_puppet_wrote_are_understood() {
        let run = puppet(SUMMARY);
        assert_eq!((run.changed, run.failed, run.total), (Some(1), Some(1), Some(9)));
        assert_eq!((run.result(), run.no_operation), (Some(StateResult::Failed), Some(false)));
        assert_eq!(run.time.unwrap().to_string(), "2026-11-23T12:42:19Z");
        assert_eq!(run.version.as_deref(), Some("1795437739"));
        let run = puppet(NOOP);
        assert_eq!((run.result(), run.no_operation), (Some(StateResult::Unchanged), Some(true)));
    }
}
