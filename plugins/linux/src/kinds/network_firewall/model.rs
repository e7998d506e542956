//! The engines' rules in one shape, and what follows from them; it never reads a tool's output.

use std::collections::BTreeSet;

use exhibit_plugin::kinds::network_firewall::{Chain as ChainBody, DefaultAction, InboundAllow};

/// What a rule does to a packet that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    /// Dropped or rejected.
    Drop,
    /// Jump or goto to a chain of the same table.
    Chain(String),
    /// Counts, logs, marks, translates: decides nothing about passing.
    Other,
}

/// One rule, or one arm of a verdict map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) verdict: Verdict,
    /// Protocols it is limited to; empty for any.
    pub(crate) protocols: Vec<String>,
    /// Destination ports it is limited to, both ends included; empty for any.
    pub(crate) ports: Vec<(u16, u16)>,
    /// Addresses or interfaces it is limited to; empty for any.
    pub(crate) sources: Vec<String>,
    /// It only matches packets of connections that exist already.
    pub(crate) established_only: bool,
    /// It has further conditions that are not modelled.
    pub(crate) conditional: bool,
}

impl Rule {
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            protocols: Vec::new(),
            ports: Vec::new(),
            sources: Vec::new(),
            established_only: false,
            conditional: false,
        }
    }

    fn matches_everything(&self) -> bool {
        self.protocols.is_empty()
            && self.ports.is_empty()
            && self.sources.is_empty()
            && !self.established_only
            && !self.conditional
    }
}

/// One chain with its rules in force order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) family: String,
    pub(crate) table: String,
    pub(crate) name: String,
    /// Where packets enter; none for a chain that only jumps reach.
    pub(crate) hook: Option<String>,
    /// Whether it filters, rather than translates addresses or marks.
    pub(crate) filters: bool,
    /// Dropped when no rule decided; meaningful only with a hook.
    pub(crate) drops_by_policy: bool,
    pub(crate) rules: Vec<Rule>,
    /// Rules as the engine counts them; an arm of a verdict map is not a rule of its own.
    pub(crate) rule_count: u64,
}

/// All chains of all engines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    pub(crate) chains: Vec<Chain>,
}

impl Ruleset {
    /// Whether a rule or a policy decides about inbound packets.
    pub(crate) fn filters_inbound(&self) -> bool {
        self.hooked("input").any(|chain| chain.drops_by_policy || chain.rule_count > 0)
    }

    /// What becomes of a packet that no rule names, at the worst of the address families in use.
    pub(crate) fn default_of(&self, hook: &str, ipv6_in_use: bool) -> DefaultAction {
        let families: &[&str] = if ipv6_in_use { &["ip", "ip6"] } else { &["ip"] };
        let answers: Vec<DefaultAction> =
            families.iter().map(|family| self.default_of_family(hook, family)).collect();
        if answers.iter().all(|answer| *answer == DefaultAction::Drop) {
            DefaultAction::Drop
        } else if answers.iter().all(|answer| *answer == DefaultAction::None) {
            DefaultAction::None
        } else {
            DefaultAction::Accept
        }
    }

    fn default_of_family(&self, hook: &str, family: &str) -> DefaultAction {
        let mut any = false;
        for chain in self.hooked(hook).filter(|c| c.family == family || c.family == "inet") {
            any = true;
            // A packet must pass every chain of the hook, so one that drops decides.
            if default_of_chain(chain) == DefaultAction::Drop {
                return DefaultAction::Drop;
            }
        }
        if any { DefaultAction::Accept } else { DefaultAction::None }
    }

    fn hooked<'a>(&'a self, hook: &'a str) -> impl Iterator<Item = &'a Chain> {
        self.chains.iter().filter(move |c| c.filters && c.hook.as_deref() == Some(hook))
    }

    /// Takes the rules of the same chains from `other`. Chains that only `other` has are left out: iptables lists its
    /// built-in ones also where the kernel has none.
    pub(crate) fn respell(&mut self, other: Self) {
        for spelled in other.chains {
            let same = |c: &&mut Chain| {
                (&c.family, &c.table, &c.name) == (&spelled.family, &spelled.table, &spelled.name)
            };
            if let Some(chain) = self.chains.iter_mut().find(same) {
                chain.rules = spelled.rules;
                chain.rule_count = spelled.rule_count;
            }
        }
    }

    /// Every rule in every chain.
    pub(crate) fn rule_count(&self) -> u64 {
        self.chains.iter().map(|chain| chain.rule_count).sum()
    }

    /// The chains that packets enter.
    pub(crate) fn base_chains(&self) -> Vec<ChainBody> {
        let mut bodies: Vec<ChainBody> = self
            .chains
            .iter()
            .filter_map(|chain| {
                Some(ChainBody {
                    family: chain.family.clone(),
                    table: chain.table.clone(),
                    name: chain.name.clone(),
                    hook: chain.hook.clone()?,
                    policy: if chain.drops_by_policy {
                        DefaultAction::Drop
                    } else {
                        DefaultAction::Accept
                    },
                    rule_count: self.reached(chain).iter().map(|chain| chain.rule_count).sum(),
                })
            })
            .collect();
        bodies.sort();
        bodies
    }

    /// What lets new traffic in, as far as single rules say; a rule behind a jump keeps the jump's own limits out of sight,
    /// so such a rule is marked as limited when the jump was.
    pub(crate) fn inbound_allowed(&self) -> Vec<InboundAllow> {
        let mut found = BTreeSet::new();
        for base in self.hooked("input") {
            for chain in self.reached(base) {
                let behind_condition = chain.name != base.name && !self.reached_freely(base, chain);
                for rule in &chain.rules {
                    if rule.verdict == Verdict::Accept && !rule.established_only {
                        found.extend(allows(chain, rule, behind_condition));
                    }
                }
            }
        }
        found.into_iter().collect()
    }

    fn reached<'a>(&'a self, base: &'a Chain) -> Vec<&'a Chain> {
        let mut reached = vec![base];
        let mut at = 0;
        while let Some(chain) = reached.get(at).copied() {
            at += 1;
            for rule in &chain.rules {
                if let Verdict::Chain(name) = &rule.verdict
                    && let Some(next) = self.sibling(base, name)
                    && !reached.iter().any(|known| known.name == next.name)
                {
                    reached.push(next);
                }
            }
        }
        reached
    }

    fn reached_freely(&self, base: &Chain, wanted: &Chain) -> bool {
        let mut free: Vec<&Chain> = vec![base];
        let mut at = 0;
        while let Some(chain) = free.get(at).copied() {
            at += 1;
            for rule in chain.rules.iter().filter(|rule| rule.matches_everything()) {
                if let Verdict::Chain(name) = &rule.verdict
                    && let Some(next) = self.sibling(base, name)
                    && !free.iter().any(|known| known.name == next.name)
                {
                    free.push(next);
                }
            }
        }
        free.iter().any(|chain| chain.name == wanted.name)
    }

    fn sibling(&self, base: &Chain, name: &str) -> Option<&Chain> {
        self.chains
            .iter()
            .find(|c| c.family == base.family && c.table == base.table && c.name == name)
    }
}

fn default_of_chain(chain: &Chain) -> DefaultAction {
    for rule in chain.rules.iter().filter(|rule| rule.matches_everything()) {
        match rule.verdict {
            Verdict::Drop => return DefaultAction::Drop,
            Verdict::Accept => return DefaultAction::Accept,
            Verdict::Chain(_) | Verdict::Other => {}
        }
    }
    if chain.drops_by_policy { DefaultAction::Drop } else { DefaultAction::Accept }
}

fn allows(chain: &Chain, rule: &Rule, behind_condition: bool) -> Vec<InboundAllow> {
    let label = format!("{} {} {}", chain.family, chain.table, chain.name);
    let any = vec!["any".to_owned()];
    let protocols = if rule.protocols.is_empty() { &any } else { &rule.protocols };
    let ports: Vec<(Option<u16>, Option<u16>)> = if rule.ports.is_empty() {
        vec![(None, None)]
    } else {
        rule.ports.iter().map(|(from, to)| (Some(*from), Some(*to))).collect()
    };
    let mut sources = if rule.sources.is_empty() { any.clone() } else { rule.sources.clone() };
    if rule.sources.is_empty() && (rule.conditional || behind_condition) {
        sources = vec!["limited by a further condition".to_owned()];
    }
    let mut found = Vec::new();
    for protocol in protocols {
        for (port_from, port_to) in &ports {
            for source in &sources {
                found.push(InboundAllow {
                    chain: label.clone(),
                    protocol: protocol.clone(),
                    port_from: *port_from,
                    port_to: *port_to,
                    source: source.clone(),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(family: &str, name: &str, hook: Option<&str>, drops: bool, rules: Vec<Rule>) -> Chain {
        Chain {
            family: family.into(),
            table: "filter".into(),
            name: name.into(),
            hook: hook.map(str::to_owned),
            filters: true,
            drops_by_policy: drops,
            rule_count: u64::try_from(rules.len()).unwrap(),
            rules,
        }
    }

    #[test]
    fn no_chain_is_no_filter() {
        let ruleset = Ruleset::default();
        assert_eq!(ruleset.default_of("input", true), DefaultAction::None);
        assert!(!ruleset.filters_inbound());
    }

    #[test]
    fn a_filter_for_ipv4_alone_leaves_ipv6_open() {
        let ruleset = Ruleset { chains: vec![chain("ip", "INPUT", Some("input"), true, vec![])] };
        assert_eq!(ruleset.default_of("input", true), DefaultAction::Accept);
        assert_eq!(ruleset.default_of("input", false), DefaultAction::Drop);
    }

    #[test]
    fn a_last_rule_that_drops_is_a_default_that_drops() {
        let rules = vec![Rule::new(Verdict::Drop)];
        let ruleset = Ruleset { chains: vec![chain("inet", "input", Some("input"), false, rules)] };
        assert_eq!(ruleset.default_of("input", true), DefaultAction::Drop);
    }

    #[test]
    fn a_rule_that_accepts_everything_beats_a_policy_that_drops() {
        let rules = vec![Rule::new(Verdict::Accept)];
        let ruleset = Ruleset { chains: vec![chain("inet", "input", Some("input"), true, rules)] };
        assert_eq!(ruleset.default_of("input", true), DefaultAction::Accept);
        assert_eq!(ruleset.inbound_allowed()[0].source, "any");
    }

    #[test]
    fn rules_behind_a_limited_jump_are_not_called_open_to_any() {
        let mut jump = Rule::new(Verdict::Chain("office".into()));
        jump.sources.push("10.0.0.0/8".into());
        let ruleset = Ruleset {
            chains: vec![
                chain("ip", "INPUT", Some("input"), true, vec![jump]),
                chain("ip", "office", None, false, vec![Rule::new(Verdict::Accept)]),
            ],
        };
        assert_eq!(ruleset.inbound_allowed()[0].source, "limited by a further condition");
        assert_eq!(ruleset.base_chains()[0].rule_count, 2);
    }

    #[test]
    fn chains_that_jump_in_a_circle_end() {
        let ruleset = Ruleset {
            chains: vec![
                chain(
                    "ip",
                    "INPUT",
                    Some("input"),
                    true,
                    vec![Rule::new(Verdict::Chain("a".into()))],
                ),
                chain("ip", "a", None, false, vec![Rule::new(Verdict::Chain("INPUT".into()))]),
            ],
        };
        assert_eq!(ruleset.base_chains()[0].rule_count, 2);
    }
}
