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
            ("application", "noop") => report.no_operation = value.parse().ok(),
            ("time", "last_run") => {
                report.time =
                    value.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
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
