//! Keeps statements under 64 KiB: long texts are cut with a mark, long runs are split.

use exhibit_proto::statement::{Observed, Outcome};

use super::Report;

/// Characters kept of one text, and entries and characters kept of one list of methods: the most that one document or
/// outcome can need then fits an envelope, even with every character escaped.
const TEXT: usize = 1500;
const METHOD: usize = 400;
const METHODS: usize = 60;
const METHODS_TOTAL: usize = 5000;

/// Some of a run's documents and outcomes.
pub(super) struct Part {
    pub(super) documents: Vec<Observed>,
    pub(super) outcomes: Vec<Outcome>,
}

impl Part {
    /// All of them, texts cut.
    pub(super) fn of(report: &Report) -> Self {
        let documents = report.documents.iter().map(|document| Observed {
            method: methods(&document.method),
            privileges: cut(&document.privileges, TEXT),
            ..document.clone()
        });
        let outcomes = report.outcomes.iter().map(|outcome| Outcome {
            detail: cut(&outcome.detail, TEXT),
            remedy: cut(&outcome.remedy, TEXT),
            ..outcome.clone()
        });
        Self { documents: documents.collect(), outcomes: outcomes.collect() }
    }

    /// Two halves; None when one thing is left.
    pub(super) fn split(mut self) -> Option<(Self, Self)> {
        let count = self.documents.len() + self.outcomes.len();
        if count < 2 {
            return None;
        }
        let half = count / 2;
        let documents = self.documents.split_off(self.documents.len().min(half));
        let left = half - self.documents.len();
        let outcomes = self.outcomes.split_off(left);
        Some((self, Self { documents, outcomes }))
    }
}

fn methods(all: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut total = 0;
    for method in all {
        let method = cut(method, METHOD);
        total += method.chars().count();
        if kept.len() == METHODS || total > METHODS_TOTAL {
            kept.push(format!("… and {} more", all.len() - kept.len()));
            break;
        }
        kept.push(method);
    }
    kept
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => {
            let (kept, _) = text.split_at(at);
            format!("{kept}… ({} bytes cut)", text.len() - at)
        }
    }
}
