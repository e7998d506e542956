//! What a plugin's lines mean for the kinds that were asked for; pure.

use std::collections::BTreeMap;

use exhibit_plugin::protocol::{Level, Line, OutcomeKind};
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::statement::Outcome;

use super::{Observation, outcome};

/// Outcomes of one kind in one run: far above any plugin that means well. All of them stand in the statement.
const OUTCOMES: usize = 64;
/// Lines of one run that reach the agent's log, and characters of each.
const LOGGED: usize = 100;
const LOGGED_TEXT: usize = 500;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `done` was said.
    Done,
    /// The output ended without `done`; how the process ended.
    Silent(String),
    /// Ended at the deadline, after so many seconds.
    Deadline(u64),
    /// Ended because of a limit; which one.
    Limit(String),
    /// Ended because a line is not the protocol's; why.
    Garbage(String),
    /// The plugin could not be started; why, and whether the file is missing.
    NotStarted { reason: String, missing: bool },
    /// Something else than the plugin's unit listens on its socket; what is known of it.
    Impostor(String),
    /// The agent is stopping.
    Stopped,
}

/// Which kinds are still to be answered, and the outcomes so far.
pub(super) struct Answers<'a> {
    target: &'a Target,
    /// True once a document or an outcome came.
    answered: BTreeMap<&'a Kind, bool>,
    documents: Vec<Kind>,
    outcomes: Vec<Outcome>,
    logged: usize,
}

impl<'a> Answers<'a> {
    pub(super) fn new(kinds: &'a [Kind], target: &'a Target) -> Self {
        let answered = kinds.iter().map(|kind| (kind, false)).collect();
        Self { target, answered, documents: Vec::new(), outcomes: Vec::new(), logged: 0 }
    }

    /// Takes one line; answers true after `done`.
    pub(super) fn take(
        &mut self,
        line: Line,
        accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
    ) -> Result<bool, String> {
        match line {
            Line::Document { kind, target, body, capture } => {
                let kind = self.named(&kind, &target)?;
                if self.documents.contains(&kind) {
                    return Err(format!("a second document of {kind}"));
                }
                self.documents.push(kind.clone());
                let target = self.target.clone();
                self.outcomes.extend(accept(Observation { kind, target, body, capture }));
            }
            Line::Outcome { kind, target, outcome: word, detail, remedy } => {
                let kind = self.named(&kind, &target)?;
                if word != OutcomeKind::Collected {
                    self.outcomes.push(outcome(&kind, self.target, word, detail, remedy));
                }
                if self.outcomes.iter().filter(|told| told.kind == kind).count() > OUTCOMES {
                    let why = format!("over {OUTCOMES} outcomes of {kind}");
                    let (word, detail, remedy) = explain(&End::Garbage(why.clone()));
                    self.outcomes.pop();
                    self.outcomes.push(outcome(&kind, self.target, word, detail, remedy));
                    return Err(why);
                }
            }
            Line::Progress { message } => self.log(Level::Debug, &message),
            Line::Log { level, message } => self.log(level, &message),
            Line::Done {} => return Ok(true),
        }
        Ok(false)
    }

    /// Hands a plugin's words on to the agent's log, where they must neither fill the disk nor look like other lines.
    fn log(&mut self, level: Level, message: &str) {
        self.logged += 1;
        if self.logged > LOGGED {
            return;
        }
        let message: String =
            message.chars().filter(|c| !c.is_control()).take(LOGGED_TEXT).collect();
        match level {
            Level::Error | Level::Warn => tracing::warn!(%message, "plugin warns"),
            Level::Info | Level::Debug => tracing::debug!(%message, "plugin says"),
        }
        if self.logged == LOGGED {
            tracing::warn!("the plugin says more than {LOGGED} lines; the others are dropped");
        }
    }

    /// Checks that the plugin speaks of what it was asked about, and notes the answer.
    fn named(&mut self, kind: &str, target: &str) -> Result<Kind, String> {
        if target != self.target.as_str() {
            let target: String = target.chars().take(80).collect();
            return Err(format!("an answer about {target:?}, which was not asked for"));
        }
        let wanted = self.answered.iter_mut().find(|(wanted, _)| wanted.as_str() == kind);
        let Some((wanted, answered)) = wanted else {
            let kind: String = kind.chars().take(80).collect();
            return Err(format!("an answer about {kind:?}, which was not asked for"));
        };
        *answered = true;
        Ok((*wanted).clone())
    }

    /// The outcomes of the run: what the plugin said, and one for each kind that it left unanswered.
    pub(super) fn finish(mut self, end: &End) -> Vec<Outcome> {
        let open: Vec<Kind> = self
            .answered
            .iter()
            .filter(|(_, answered)| !**answered)
            .map(|(kind, _)| (*kind).clone())
            .collect();
        for kind in open {
            let (word, detail, remedy) = explain(end);
            self.outcomes.push(outcome(&kind, self.target, word, detail, remedy));
        }
        self.outcomes
    }
}

fn explain(end: &End) -> (OutcomeKind, String, &'static str) {
    const REPORT: &str =
        "run the plugin by hand with the same request, and report the fault with its version";
    match end {
        End::Done => (
            OutcomeKind::Failed,
            "the plugin said it was done without a word about this kind".to_owned(),
            REPORT,
        ),
        End::Silent(how) => {
            (OutcomeKind::Failed, format!("the plugin ended before it was done: {how}"), REPORT)
        }
        End::Deadline(seconds) => (
            OutcomeKind::TimedOut,
            format!("not answered within {seconds} s, then the run was ended"),
            "raise limits.deadline, or find what blocks (see the agent's log)",
        ),
        End::Limit(which) => (
            OutcomeKind::LimitExceeded,
            format!("{which}, then the run was ended"),
            "raise the limit in [limits], or narrow the plugin's settings",
        ),
        End::Garbage(why) => {
            (OutcomeKind::Failed, format!("the plugin broke the protocol: {why}"), REPORT)
        }
        End::NotStarted { reason, missing: true } => (
            OutcomeKind::ToolMissing,
            reason.clone(),
            "install the plugin and enable its socket unit if it has one, or correct plugin.path or plugin.socket in the \
             configuration",
        ),
        End::NotStarted { reason, missing: false } => (
            OutcomeKind::Failed,
            reason.clone(),
            "make the plugin executable for the agent's user (chmod 0755), or its socket that user's (SocketUser=)",
        ),
        End::Impostor(reason) => (
            OutcomeKind::Failed,
            reason.clone(),
            "find out who listens there (ss -xlp); only systemd should, by the socket unit",
        ),
        End::Stopped => (
            OutcomeKind::Failed,
            "the agent was stopped during the run".to_owned(),
            "none needed: the next run observes it again",
        ),
    }
}
