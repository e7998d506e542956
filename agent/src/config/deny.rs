//! `[deny]`: what the operator of this host keeps back. It is read from the agent's own file and from nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::plugin;
use exhibit_proto::document::Kind;
use exhibit_proto::statement;

use super::{Config, Reader, raw};
use crate::redact::Veto;

/// Every statement names what is forbidden, so it must stay short.
const MAX_TEXT: usize = 8 << 10;

impl Config {
    /// What is forbidden, as statements name it.
    pub fn vetoes(&self) -> statement::Vetoes {
        let texts = |fields: &Vec<Veto>| fields.iter().map(ToString::to_string).collect();
        statement::Vetoes {
            kinds: self.deny.iter().cloned().collect(),
            paths: self.deny_paths.clone(),
            fields: self.veto.iter().map(|(kind, each)| (kind.clone(), texts(each))).collect(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn deny_kinds(&mut self, raw: &raw::Deny) -> BTreeSet<Kind> {
        raw.kinds.iter().filter_map(|kind| self.value(Some(kind), "deny.kinds")).collect()
    }

    pub(super) fn deny_paths(&mut self, raw: &raw::Deny) -> Vec<String> {
        let texts = raw.kinds.iter().chain(&raw.paths).chain(raw.fields.values().flatten());
        let length: usize = texts.map(|text| text.get_ref().len()).sum();
        if length > MAX_TEXT {
            let text = format!(
                "{length} bytes are over the {MAX_TEXT} that every statement can carry; forbid a folder rather than each file"
            );
            self.problem::<()>(None, "deny", &text);
        }
        for path in &raw.paths {
            if let Err(error) = plugin::Vetoes::read(&[path.get_ref().clone()]) {
                self.problem(Some(path), "deny.paths", &error.to_string());
            }
        }
        raw.paths.iter().map(|path| path.get_ref().clone()).collect()
    }

    pub(super) fn deny_fields(&mut self, raw: &raw::Deny) -> BTreeMap<Kind, Vec<Veto>> {
        let mut vetoes = BTreeMap::new();
        for (kind, fields) in &raw.fields {
            let place = format!("deny.fields.{kind}");
            let read = fields.iter().filter_map(|field| self.value(Some(field), &place)).collect();
            match kind.parse::<Kind>() {
                Ok(kind) => drop(vetoes.insert(kind, read)),
                Err(error) => self.problem(fields.first(), &place, &error.to_string()),
            }
        }
        vetoes
    }
}
