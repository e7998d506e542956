//! Everything that runs by schedule on the host: timers of systemd, cron, anacron, at. It starts nothing.

mod cron;
mod timers;

use jiff::Timestamp;

use crate::look::Look;

/// One job as its file writes it. The command may hold secrets: it never leaves this crate as it is.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// Account it runs as. None: not readable.
    pub(crate) owner: Option<String>,
    pub(crate) schedule: Option<String>,
    /// Whether its file is switched on.
    pub(crate) enabled: Option<bool>,
    /// Command as written. None: not readable.
    pub(crate) command: Option<String>,
    /// Service that a timer starts.
    pub(crate) service: Option<String>,
    /// Next start, where the file says so itself.
    pub(crate) next: Option<Timestamp>,
    pub(crate) source: String,
}

/// Every job that is readable; what is not leaves an outcome.
pub(crate) fn find(look: &mut Look<'_>) -> Vec<Planned> {
    let mut found = timers::find(look);
    found.extend(cron::find(look));
    found
}

/// Names of the jobs whose command calls one of the programs.
pub(crate) fn calling(jobs: &[Planned], programs: &[&str]) -> Vec<String> {
    let calls = |job: &&Planned| {
        let command = job.command.as_deref().unwrap_or_default();
        command
            .split(|c: char| c.is_whitespace() || "|&;()`$\"'".contains(c))
            .filter_map(|word| word.rsplit('/').next())
            .any(|word| programs.contains(&word.trim_start_matches(['-', '@', '+', '!', ':'])))
    };
    jobs.iter().filter(calls).map(|job| job.name.clone()).collect()
}
