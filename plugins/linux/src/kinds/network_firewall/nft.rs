//! Reads the JSON that `nft -j list ruleset` prints; it never runs nft.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Chain, Ruleset};
use super::nft_rule;

/// Why the text could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NftError {
    #[error("nft printed something that is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("nft printed JSON without the list 'nftables'")]
    NoList,
    #[error("nft prints JSON schema {0}, and only schema 1 is known")]
    Schema(i64),
    #[error("nft lists a rule in chain '{0}', which it does not list")]
    LooseRule(String),
}

/// A rule set, and the address families in which iptables made rules that nft only shows by the name of their match.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) ruleset: Ruleset,
    pub(crate) opaque: BTreeSet<String>,
}

/// Parses the whole output (libnftables-json(5)).
///
/// # Errors
/// When the output is not JSON schema 1 of nft: a half-understood rule set would be a false statement.
pub(crate) fn parse(text: &str) -> Result<Parsed, NftError> {
    let value: Value = serde_json::from_str(text)?;
    let items = value.get("nftables").and_then(Value::as_array).ok_or(NftError::NoList)?;
    let mut chains = Vec::new();
    let mut opaque = BTreeSet::new();
    for item in items {
        let schema = item.pointer("/metainfo/json_schema_version").and_then(Value::as_i64);
        if let Some(version) = schema.filter(|version| *version != 1) {
            return Err(NftError::Schema(version));
        }
        chains.extend(item.get("chain").map(chain_of));
    }
    for rule in items.iter().filter_map(|item| item.get("rule")) {
        let (family, table, name) =
            (text_of(rule, "family"), text_of(rule, "table"), text_of(rule, "chain"));
        let chain = chains
            .iter_mut()
            .find(|c: &&mut Chain| c.family == family && c.table == table && c.name == name)
            .ok_or_else(|| NftError::LooseRule(format!("{family} {table} {name}")))?;
        let statements = rule.get("expr").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if statements.iter().any(|statement| statement.get("xt").is_some()) {
            opaque.insert(family);
        }
        chain.rules.extend(nft_rule::read(statements));
        chain.rule_count += 1;
    }
    Ok(Parsed { ruleset: Ruleset { chains }, opaque })
}

fn chain_of(value: &Value) -> Chain {
    Chain {
        family: text_of(value, "family"),
        table: text_of(value, "table"),
        name: text_of(value, "name"),
        hook: value.get("hook").and_then(Value::as_str).map(str::to_owned),
        filters: value.get("type").and_then(Value::as_str) == Some("filter"),
        drops_by_policy: value.get("policy").and_then(Value::as_str) == Some("drop"),
        rules: Vec::new(),
        rule_count: 0,
    }
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::kinds::network_firewall::{DefaultAction, InboundAllow};
    use proptest::prelude::*;

    fn ruleset(rules: &str) -> String {
        format!(
            r#"{{"nftables": [{{"metainfo": {{"version": "1.0.6", "json_schema_version": 1}}}},
            {{"table": {{"family": "inet", "name": "t", "handle": 1}}}},
            {{"chain": {{"family": "inet", "table": "t", "name": "in", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}}},
            {rules}]}}"#
        )
    }

    fn rule(statements: &str) -> String {
        format!(
            r#"{{"rule": {{"family": "inet", "table": "t", "chain": "in", "handle": 2, "expr": [{statements}]}}}}"#
        )
    }

    const DPORT: &str = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}"#;

    #[test]
    fn a_chain_keeps_its_policy_and_its_rules() {
        let text = ruleset(&rule(&format!(
            r#"{DPORT}, {{"counter": {{"packets": 7, "bytes": 900}}}}, {{"accept": null}}"#
        )));
        let ruleset = parse(&text).unwrap().ruleset;
        assert_eq!(ruleset.default_of("input", true), DefaultAction::Drop);
        let expected = InboundAllow {
            chain: "inet t in".into(),
            protocol: "tcp".into(),
            port_from: Some(22),
            port_to: Some(22),
            source: "any".into(),
        };
        assert_eq!(ruleset.inbound_allowed(), [expected]);
        assert_eq!(ruleset.rule_count(), 1);
        assert_eq!(parse(&text.replace("900", "12345")).unwrap().ruleset, ruleset);
    }

    #[test]
    fn rules_that_iptables_made_are_marked_by_family() {
        let text =
            ruleset(&rule(r#"{"xt": {"type": "match", "name": "conntrack"}}, {"accept": null}"#));
        assert_eq!(parse(&text).unwrap().opaque, BTreeSet::from(["inet".to_owned()]));
    }

    #[test]
    fn no_rules_is_an_empty_ruleset() {
        let text = r#"{"nftables": [{"metainfo": {"json_schema_version": 1}}]}"#;
        assert_eq!(parse(text).unwrap().ruleset, Ruleset::default());
    }

    #[test]
    fn an_unknown_schema_is_refused() {
        let text = r#"{"nftables": [{"metainfo": {"json_schema_version": 2}}]}"#;
        assert!(matches!(parse(text), Err(NftError::Schema(2))));
    }

    #[test]
    fn hostile_json_is_an_error() {
        assert!(matches!(parse(&"[".repeat(100_000)), Err(NftError::NotJson(_))));
        assert!(matches!(parse("{}"), Err(NftError::NoList)));
        assert!(matches!(parse(""), Err(NftError::NotJson(_))));
        let loose = r#"{"nftables":[{"rule":{"family":"ip","table":"x","chain":"y"}}]}"#;
        assert!(matches!(parse(loose), Err(NftError::LooseRule(_))));
    }

    proptest! {
        #[test]
        fn no_statement_makes_the_parser_panic(
            op in "==|!=|in", field in "dport|saddr|é", right in "22|\"x\"|null|\\[1,2\\]|\\{\"set\":\\[99999999\\]\\}|\\{\"range\":\\[1\\]\\}"
        ) {
            let statement = format!(r#"{{"match":{{"op":"{op}","left":{{"payload":{{"protocol":"tcp","field":"{field}"}}}},"right":{right}}}}},{{"accept":null}}"#);
            prop_assert_eq!(parse(&ruleset(&rule(&statement))).unwrap().ruleset.rule_count(), 1);
        }
    }
}
