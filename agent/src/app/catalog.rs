//! Which plugin observes which kind, from what the plugins say of themselves.

use std::collections::BTreeMap;
use std::path::Path;

use exhibit_plugin::protocol::{Describe, OutcomeKind};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::statement::{Outcome, PluginUsed};
use serde::{Deserialize, Serialize};

use crate::collect::{self, DescribeError, PluginConfig, VETO};
use crate::config::Config;

/// What is known of the configured plugins now.
pub struct Catalog<'a> {
    pub plugins: Vec<Known<'a>>,
    config: &'a Config,
}

/// One plugin: its own words, or why there are none.
pub struct Known<'a> {
    pub plugin: &'a PluginConfig,
    pub described: Result<Describe, DescribeError>,
    /// What it said when it last could, where it does not now.
    pub remembered: Option<Describe>,
    /// SHA-256 of the executable; absent when it cannot be read.
    pub binary: Option<Digest>,
    stamp: Option<Stamp>,
}

/// What is known of a plugin that is not asked again: its own words, and the digest of its executable.
#[derive(Serialize, Deserialize)]
pub struct Words {
    said: Option<Describe>,
    binary: Option<Digest>,
}

/// Tells whether a file was replaced: inode, size, time of change.
type Stamp = (u64, u64, i64, i64);

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
}

impl<'a> Catalog<'a> {
    /// Asks every configured plugin; `remembered` is what each said when it last could.
    pub async fn ask(
        config: &'a Config,
        remembered: impl Fn(&PluginConfig) -> Option<Describe>,
    ) -> Self {
        let mut plugins = Vec::new();
        for plugin in &config.plugins {
            let described = collect::describe(plugin).await;
            plugins.push(Known {
                plugin,
                remembered: if described.is_ok() { None } else { remembered(plugin) },
                described,
                binary: collect::digest_of(&plugin.path).ok(),
                stamp: stamp(&plugin.path),
            });
        }
        Self { plugins, config }
    }

    /// As another process of this agent knows the plugins, in the order of the configuration: nobody is asked.
    pub fn told(config: &'a Config, words: Vec<Words>) -> Self {
        let known = |(plugin, words): (&'a PluginConfig, Words)| Known {
            described: Err(DescribeError::Silent(plugin.path.display().to_string())),
            remembered: words.said,
            binary: words.binary,
            stamp: None,
            plugin,
        };
        Self { plugins: config.plugins.iter().zip(words).map(known).collect(), config }
    }

    /// What [`Catalog::told`] needs.
    pub fn words(&self) -> Vec<Words> {
        let words =
            |known: &Known<'_>| Words { said: known.words().cloned(), binary: known.binary };
        self.plugins.iter().map(words).collect()
    }

    /// The unit of systemd that gives a kind's plugin its rights.
    pub fn unit(&self, kind: &Kind) -> String {
        let mut offers = self.plugins.iter().filter(|known| known.kinds().any(|own| own == *kind));
        offers.next().map_or_else(String::new, |known| known.plugin.unit())
    }

    /// Every kind that should be observed here: what plugins offer, what the configuration names.
    pub fn wanted(&self) -> Vec<Kind> {
        let named = self.config.schedule.kinds.keys().chain(&self.config.deny).cloned();
        let mut kinds: Vec<Kind> =
            self.plugins.iter().flat_map(Known::kinds).chain(named).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Parts the kinds by the plugin that observes them; the first that offers a kind has it. What nobody can observe is
    /// an outcome at once.
    pub fn assign(
        &self,
        kinds: &[Kind],
        target: &Target,
    ) -> (Vec<(&Known<'a>, Vec<Kind>)>, Vec<Outcome>) {
        let mut by_plugin: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
        let mut outcomes = Vec::new();
        for kind in kinds {
            if self.config.deny.contains(kind) {
                let detail = format!("{VETO} ([deny] kinds)");
                let remedy = "take the kind out of [deny] kinds in the agent's configuration";
                outcomes.push(collect::outcome(kind, target, OutcomeKind::Denied, detail, remedy));
                continue;
            }
            let offers = |known: &Known<'_>| known.kinds().any(|offered| offered == *kind);
            match self.plugins.iter().position(offers) {
                Some(plugin) if self.plugins.get(plugin).is_some_and(Known::may_break_a_veto) => {
                    let detail =
                        format!("{VETO} ([deny] paths), and its plugin keeps to no such veto");
                    let remedy = "take the paths out of [deny] paths, or use a plugin that says keeps_deny_paths";
                    outcomes.push(collect::outcome(
                        kind,
                        target,
                        OutcomeKind::Denied,
                        detail,
                        remedy,
                    ));
                }
                Some(plugin) => by_plugin.entry(plugin).or_default().push(kind.clone()),
                None => {
                    let detail = format!("no configured plugin observes {kind}");
                    let remedy = "add a [[plugin]] that does, or take the kind out of [schedule]";
                    let word = OutcomeKind::NotConfigured;
                    outcomes.push(collect::outcome(kind, target, word, detail, remedy));
                }
            }
        }
        let assigned =
            by_plugin.into_iter().filter_map(|(at, kinds)| Some((self.plugins.get(at)?, kinds)));
        (assigned.collect(), outcomes)
    }
}

impl Known<'_> {
    /// Whether the executable was replaced, removed or installed since it was asked.
    pub fn changed(&self) -> bool {
        stamp(&self.plugin.path) != self.stamp
    }

    /// Whether paths are forbidden and it does not say that it keeps to that.
    fn may_break_a_veto(&self) -> bool {
        !self.plugin.deny_paths.is_empty()
            && !self.words().is_some_and(|words| words.keeps_deny_paths)
    }

    /// What it says, or said last.
    fn words(&self) -> Option<&Describe> {
        self.described.as_ref().ok().or(self.remembered.as_ref())
    }

    /// The kinds to take from it: those configured, or all it offers.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        let offered = self.words().into_iter().flat_map(|words| &words.kinds);
        let offered = offered.filter_map(|described| described.kind.parse::<Kind>().ok());
        let chosen = self.plugin.kinds.clone();
        let all = if chosen.is_some() { None } else { Some(offered) };
        chosen.into_iter().flatten().chain(all.into_iter().flatten())
    }

    /// The schema of a kind's documents.
    pub fn schema(&self, kind: &Kind) -> String {
        let words = self.words().into_iter().flat_map(|words| &words.kinds);
        let mut described = words.filter(|described| described.kind == kind.as_str());
        described
            .next()
            .map_or_else(|| format!("urn:exhibit:kind:{kind}:v1"), |found| found.schema.clone())
    }

    /// How a statement names it.
    pub fn used(&self) -> PluginUsed {
        let file = self.plugin.path.file_name().unwrap_or_default().to_string_lossy();
        let (name, version) = match self.words() {
            Some(words) => (words.name.clone(), words.version.clone()),
            None => (file.into_owned(), "unknown".to_owned()),
        };
        // Zeros where there was no file to hash: the outcomes say so too.
        PluginUsed { name, version, binary: self.binary.unwrap_or(Digest::ZERO) }
    }
}
