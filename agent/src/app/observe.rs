//! One run up to the moment of sealing: plugins, redaction, documents. No key that signs is near.

use exhibit_plugin::protocol::OutcomeKind;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::statement::{Observed, Outcome};
use tokio_util::sync::CancellationToken;

use super::catalog::Catalog;
use super::clock;
use crate::collect::{self, Job, Limits, Observation, VETO};
use crate::config::Config;
use crate::redact::{Redactor, Veto};
use crate::seal::{Recorder, Report, SealedDocument};

/// What observing needs.
pub(super) struct Work<'a> {
    pub(super) catalog: &'a Catalog<'a>,
    pub(super) recorder: &'a Recorder,
    pub(super) target: &'a Target,
    pub(super) limits: &'a Limits,
    pub(super) stop: &'a CancellationToken,
}

/// Redacts and salts by the configuration and the key that stays on the host.
pub(super) fn recorder(config: &Config, local_key: [u8; 32]) -> Recorder {
    let redactor = Redactor::new(local_key, &config.redact)
        .with_vetoes(&config.veto)
        .with_personal_names(config.personal_names);
    Recorder { local_key, redactor }
}

impl Work<'_> {
    /// Runs every plugin that these kinds need, one after the other. Each document goes to `keep` when it is written, so that
    /// no two need to be in memory.
    pub(super) async fn observe(
        &self,
        kinds: &[Kind],
        keep: &mut dyn FnMut(SealedDocument),
    ) -> Report {
        let Self { catalog, recorder, target, limits, stop } = *self;
        let started = clock();
        let (assigned, mut outcomes) = catalog.assign(kinds, target);
        let (mut documents, mut plugins) = (Vec::new(), Vec::new());
        for (known, kinds) in assigned {
            let job = Job { plugin: known.plugin, kinds: &kinds, target, limits, stop };
            let mut accept = |observation: Observation| {
                let schema = known.schema(&observation.kind);
                match recorder.document(observation, &schema, limits.document_bytes) {
                    Ok(document) => {
                        let observed = document.observed.clone();
                        keep(document);
                        let veto = vetoed(recorder.redactor.vetoes(&observed.kind), &observed);
                        documents.push(observed);
                        veto
                    }
                    Err(outcome) => Some(*outcome),
                }
            };
            outcomes.extend(collect::collect(job, &mut accept).await);
            plugins.push(known.used());
        }
        let outcomes = outcomes.into_iter().map(|told| recorder.outcome(told)).collect();
        Report { started, finished: clock(), plugins, documents, outcomes }
    }
}

/// What a statement says of a document from which the operator withholds fields.
fn vetoed(vetoes: &[Veto], observed: &Observed) -> Option<Outcome> {
    if vetoes.is_empty() {
        return None;
    }
    let fields: Vec<String> = vetoes.iter().map(ToString::to_string).collect();
    let detail = format!("{VETO} ([deny.fields]: {})", fields.join(", "));
    let remedy = "take the fields out of [deny.fields] in the agent's configuration";
    let Observed { kind, target, .. } = observed;
    Some(collect::outcome(kind, target, OutcomeKind::Denied, detail, remedy))
}
