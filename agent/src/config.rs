//! Reads the one configuration file into checked values; every problem is named with its line and the way out.
//! It never starts anything and never touches the state directory.

mod deny;
mod labels;
mod raw;
pub mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, MAX_BYTES, Target};
use toml::Spanned;

use crate::collect::{Limits, PluginConfig};
use crate::identity::Address;
use crate::redact::{Pattern, Veto, compile};
use crate::schedule::CronLine;

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// SHA-256 of the file as read; statements name it.
    pub digest: Digest,
    /// The file as read, and the folder to which its paths are relative.
    pub source: (String, PathBuf),
    pub state_dir: PathBuf,
    /// Replaces the evidence address learnt at enrolment.
    pub collector: Option<Address>,
    /// Replaces `host:<machine-id>`.
    pub target: Option<Target>,
    /// Bytes of evidence that may wait, documents and statements together.
    pub spool_max_bytes: u64,
    pub limits: Limits,
    /// Longest time between two statements. None: what the collector wishes, or 70 minutes.
    pub heartbeat: Option<Duration>,
    /// How long an evidence key is used before the next takes its place. None: until a person rotates it.
    pub evidence_key_life: Option<Duration>,
    pub plugins: Vec<PluginConfig>,
    pub schedule: Schedules,
    /// What the target is to those who judge: environment, owner, criticality, …
    pub labels: BTreeMap<String, String>,
    pub redact: Vec<Pattern>,
    /// Whether names of persons are replaced too.
    pub personal_names: bool,
    /// Kinds that must not be collected here whatever anybody asks.
    pub deny: BTreeSet<Kind>,
    /// Fields that must not leave in documents of a kind.
    pub veto: BTreeMap<Kind, Vec<Veto>>,
    /// Patterns of paths that no plugin may read.
    pub deny_paths: Vec<String>,
}

const EVIDENCE_KEY_DAYS: u32 = 30;
/// Kinds that must be fresher than this run every hour.
const PERISHABLE_HOURS: u32 = 12;
/// Kinds that stay fresh for longer than this run once a week.
const LASTING_HOURS: u32 = 30 * 24;

/// Kinds that may be older than this are costly to observe or slow to change, and run once a day.
const PATIENT_HOURS: u32 = 48;

/// When each kind is collected, in UTC.
#[derive(Clone, Debug)]
pub struct Schedules {
    /// For kinds that are not named; absent: by how soon the kind's evidence is stale.
    pub default: Option<CronLine>,
    hourly: CronLine,
    six_hourly: CronLine,
    daily: CronLine,
    weekly: CronLine,
    pub splay: Duration,
    pub kinds: BTreeMap<Kind, CronLine>,
}

impl Schedules {
    pub fn of(&self, kind: &Kind) -> &CronLine {
        if let Some(line) = self.kinds.get(kind).or(self.default.as_ref()) {
            return line;
        }
        match exhibit_plugin::kinds::find(kind.as_str()).map(|known| known.freshness_hours) {
            Some(..=PERISHABLE_HOURS) => &self.hourly,
            Some(LASTING_HOURS..) => &self.weekly,
            Some(PATIENT_HOURS..) => &self.daily,
            Some(_) | None => &self.six_hourly,
        }
    }
}

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Line in the configuration file, from 1; absent when it is not about a line.
    pub line: Option<usize>,
    /// The key, or the file.
    pub place: String,
    pub message: String,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "cannot read configuration {path:?}: {source}; name another with --config or EXHIBIT_AGENT_CONFIG"
    )]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("configuration {path:?} cannot be used:{}", lines(problems))]
    Wrong { path: PathBuf, problems: Vec<Problem> },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}, {}: {}", self.place, self.message),
            None => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl Config {
    /// Reads and checks the file; relative paths are relative to its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        // Plugins are started in `/`, so their paths must not depend on where we stand.
        let whole = std::path::absolute(path).map_err(unreadable)?;
        let folder = whole.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &folder)
            .map_err(|problems| ConfigError::Wrong { path: path.to_owned(), problems })
    }

    /// Checks configuration text; answers every problem that was found, not only the first.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        let file: raw::File = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            let message = error.message().trim().replace('\n', ", ");
            vec![Problem { line, place: "TOML".to_owned(), message }]
        })?;
        let mut reader = Reader { text, folder, problems: Vec::new() };
        let config = reader.config(&file);
        if reader.problems.is_empty() { Ok(config) } else { Err(reader.problems) }
    }
}

struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn config(&mut self, file: &raw::File) -> Config {
        let limits = self.limits(&file.limits);
        let heartbeat = file.heartbeat.interval.map(|span| span.0);
        if heartbeat.is_some_and(|interval| interval < Duration::from_secs(1)) {
            self.problem::<()>(None, "heartbeat.interval", "shorter than a second; write \"15m\"");
        }
        let collector = self.value(file.collector.as_ref(), "collector");
        let target = self.value(file.target.as_ref(), "target");
        let deny_paths = self.deny_paths(&file.deny);
        Config {
            digest: Digest::of(self.text.as_bytes()),
            source: (self.text.to_owned(), self.folder.to_owned()),
            state_dir: self.folder.join(&file.state_dir),
            collector,
            target,
            spool_max_bytes: file.spool.max_bytes.map_or(256 << 20, |size| size.0),
            limits,
            heartbeat,
            evidence_key_life: match file.identity.evidence_key_days.unwrap_or(EVIDENCE_KEY_DAYS) {
                0 => None,
                days => Some(Duration::from_secs(u64::from(days) * 86_400)),
            },
            deny: self.deny_kinds(&file.deny),
            veto: self.deny_fields(&file.deny),
            plugins: file.plugin.iter().map(|plugin| self.plugin(plugin, &deny_paths)).collect(),
            deny_paths,
            schedule: self.schedules(&file.schedule),
            labels: self.labels(&file.labels),
            personal_names: file.redact.personal_names,
            redact: file.redact.pattern.iter().filter_map(|each| self.pattern(each)).collect(),
        }
    }

    fn limits(&mut self, raw: &raw::Limits) -> Limits {
        let default = Limits::default();
        let document = raw.max_document_bytes.map_or(default.document_bytes, |size| size.0);
        if document > MAX_BYTES {
            let text = format!("{document} is over the {MAX_BYTES} bytes a collector admits");
            self.problem::<()>(None, "limits.max_document_bytes", &text);
        }
        let deadline = raw.deadline.map_or(default.deadline, |span| span.0);
        if deadline.is_zero() {
            self.problem::<()>(None, "limits.deadline", "no run can end in no time; write \"60s\"");
        }
        Limits {
            deadline,
            document_bytes: document,
            output_bytes: raw.max_output_bytes.map_or(default.output_bytes, |size| size.0),
            cpu: raw.cpu.map_or(default.cpu, |span| span.0),
            memory: raw.memory.map_or(default.memory, |size| size.0),
        }
    }

    fn plugin(&mut self, raw: &raw::Plugin, deny: &[String]) -> PluginConfig {
        let kinds = raw.kinds.as_ref().map(|kinds| {
            kinds.iter().filter_map(|kind| self.value(Some(kind), "plugin.kinds")).collect()
        });
        let settings = serde_json::to_value(&raw.settings).unwrap_or_else(|error| {
            let text = format!("cannot be given to a plugin: {error}; use strings, numbers, lists");
            self.problem(Some(&raw.path), "plugin.settings", &text);
            serde_json::Value::Null
        });
        let secrets = raw.secrets.iter();
        PluginConfig {
            path: self.folder.join(raw.path.get_ref()),
            socket: raw.socket.as_ref().map(|path| self.folder.join(path.get_ref())),
            kinds,
            deny_paths: deny.to_vec(),
            settings,
            secrets: secrets
                .map(|(name, path)| (name.clone(), self.folder.join(path.get_ref())))
                .collect(),
        }
    }

    fn schedules(&mut self, raw: &BTreeMap<String, Spanned<toml::Value>>) -> Schedules {
        let mut schedules = Schedules {
            default: None,
            hourly: CronLine::hourly(),
            six_hourly: CronLine::six_hourly(),
            daily: CronLine::daily(),
            weekly: CronLine::weekly(),
            splay: Duration::from_secs(300),
            kinds: BTreeMap::new(),
        };
        for (key, value) in raw {
            let place = format!("schedule.{key}");
            let Some(text) = value.get_ref().as_str() else {
                let text = "expected text in quotes; a kind has a dot, so quote the key too: \"patch.status\" = \"17 * * * *\"";
                self.problem(Some(value), &place, text);
                continue;
            };
            let text = Spanned::new(value.span(), text.to_owned());
            if key == "splay" {
                match units::Span::try_from(text.get_ref().clone()) {
                    Ok(splay) => schedules.splay = splay.0,
                    Err(error) => self.problem(Some(value), &place, &error.to_string()),
                }
                continue;
            }
            let Some(line) = self.value::<CronLine>(Some(&text), &place) else { continue };
            if key == "default" {
                schedules.default = Some(line);
                continue;
            }
            match key.parse::<Kind>() {
                Ok(kind) => {
                    schedules.kinds.insert(kind, line);
                }
                Err(error) => {
                    let text = format!("{error}; other keys here are \"default\" and \"splay\"");
                    self.problem(Some(value), &place, &text);
                }
            }
        }
        schedules
    }

    fn pattern(&mut self, raw: &raw::Pattern) -> Option<Pattern> {
        match compile(raw.name.get_ref(), raw.regex.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.problem(Some(&raw.regex), "redact.pattern", &error.to_string());
                None
            }
        }
    }

    fn value<T>(&mut self, raw: Option<&Spanned<String>>, place: &str) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: fmt::Display,
    {
        let raw = raw?;
        match raw.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(Some(raw), place, &error.to_string());
                None
            }
        }
    }

    fn problem<T>(&mut self, at: Option<&Spanned<T>>, place: &str, message: &str) {
        let line = at.map(|at| line_of(self.text, at.span().start));
        let (place, message) = (place.to_owned(), message.to_owned());
        self.problems.push(Problem { line, place, message });
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
