//! Translates one nftables rule into the common shape; what it does not understand becomes a condition, never a wider allowance.

use serde_json::Value;

use super::model::{Rule, Verdict};

/// Reads the statements of one rule: one result, or one per arm of a verdict map.
pub(crate) fn read(statements: &[Value]) -> Vec<Rule> {
    let mut rule = Rule::new(Verdict::Other);
    let mut arms: Option<&Value> = None;
    for statement in statements.iter().filter_map(Value::as_object) {
        for (name, argument) in statement {
            match name.as_str() {
                "match" => condition(argument, &mut rule),
                "vmap" => arms = Some(argument),
                "accept" => rule.verdict = Verdict::Accept,
                "drop" | "reject" => rule.verdict = Verdict::Drop,
                "jump" | "goto" => rule.verdict = target(argument),
                // These change, count or slow down packets and leave who may pass as it was.
                "counter" | "log" | "limit" | "comment" | "mangle" | "quota" | "meta" => {}
                // Anything else may narrow the rule (xt matches, sets filled by packets, synproxy).
                _ => rule.conditional = true,
            }
        }
    }
    match arms {
        Some(map) => read_map(map, &rule),
        None => vec![rule],
    }
}

fn target(argument: &Value) -> Verdict {
    let name = argument.get("target").and_then(Value::as_str);
    name.map_or(Verdict::Other, |name| Verdict::Chain(name.to_owned()))
}

/// `tcp dport vmap { 22 : accept, 80 : jump web }`.
fn read_map(map: &Value, shared: &Rule) -> Vec<Rule> {
    let key = map.get("key").unwrap_or(&Value::Null);
    let Some(pairs) = map.pointer("/data/set").and_then(Value::as_array) else {
        // A named map: its elements are data that packets or programs may change.
        return vec![Rule { conditional: true, ..shared.clone() }];
    };
    let mut rules = Vec::new();
    for pair in pairs.iter().filter_map(Value::as_array) {
        let [value, verdict] = pair.as_slice() else { continue };
        let mut rule = shared.clone();
        limit_by(key, value, &mut rule);
        let verdict = verdict.as_object().and_then(|verdict| verdict.iter().next());
        rule.verdict = match verdict {
            Some((name, _)) if name == "accept" => Verdict::Accept,
            Some((name, _)) if name == "drop" => Verdict::Drop,
            Some((name, argument)) if name == "jump" || name == "goto" => target(argument),
            Some(_) | None => Verdict::Other,
        };
        rules.push(rule);
    }
    rules
}

fn condition(argument: &Value, rule: &mut Rule) {
    let operator = argument.get("op").and_then(Value::as_str).unwrap_or_default();
    let (Some(left), Some(right)) = (argument.get("left"), argument.get("right")) else {
        rule.conditional = true;
        return;
    };
    if matches!(operator, "==" | "in") {
        limit_by(left, right, rule);
    } else if let Some(name) = source_key(left) {
        rule.sources.extend(words(right).into_iter().map(|word| format!("not {name}{word}")));
    } else {
        rule.conditional = true;
    }
}

fn limit_by(left: &Value, right: &Value, rule: &mut Rule) {
    let payload = |key: &str| left.pointer(&format!("/payload/{key}")).and_then(Value::as_str);
    if let (Some(protocol), Some("dport")) = (payload("protocol"), payload("field")) {
        match ports(right) {
            Some(ports) => rule.ports.extend(ports),
            None => rule.conditional = true,
        }
        // `th dport` names no protocol of its own; a meta l4proto match beside it does.
        if protocol != "th" && !rule.protocols.iter().any(|known| known == protocol) {
            rule.protocols.push(protocol.to_owned());
        }
    } else if let Some(name) = source_key(left) {
        rule.sources.extend(words(right).into_iter().map(|word| format!("{name}{word}")));
    } else if is_protocol(left) {
        rule.protocols.extend(words(right));
    } else if left.pointer("/ct/key").and_then(Value::as_str) == Some("state") {
        let states = words(right);
        rule.established_only |= !states.is_empty() && !states.iter().any(|state| state == "new");
    } else {
        rule.conditional = true;
    }
}

fn is_protocol(left: &Value) -> bool {
    let text = |pointer: &str| left.pointer(pointer).and_then(Value::as_str);
    text("/meta/key") == Some("l4proto")
        || matches!(text("/payload/field"), Some("protocol" | "nexthdr"))
}

/// Prefix for what limits where a packet comes from.
fn source_key(left: &Value) -> Option<&'static str> {
    let text = |pointer: &str| left.pointer(pointer).and_then(Value::as_str);
    match (text("/payload/field"), text("/meta/key")) {
        (Some("saddr"), _) => Some(""),
        (_, Some("iif" | "iifname")) => Some("interface "),
        _ => None,
    }
}

fn ports(right: &Value) -> Option<Vec<(u16, u16)>> {
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    if let Some(port) = number(right) {
        return Some(vec![(port, port)]);
    }
    if let Some([from, to]) = right.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return Some(vec![(number(from)?, number(to)?)]);
    }
    let list = right.get("set").unwrap_or(right).as_array()?;
    let all: Option<Vec<_>> = list.iter().map(ports).collect();
    all.map(|all| all.into_iter().flatten().collect())
}

/// The right side as people write it: an address, a prefix, a set's name, each element of a list.
fn words(right: &Value) -> Vec<String> {
    if let Some(list) = right.get("set").unwrap_or(right).as_array() {
        return list.iter().flat_map(words).collect();
    }
    if let Some(text) = right.as_str() {
        return vec![text.to_owned()];
    }
    if let Some(prefix) = right.get("prefix")
        && let (Some(address), Some(length)) =
            (prefix.get("addr").and_then(Value::as_str), prefix.get("len").and_then(Value::as_u64))
    {
        return vec![format!("{address}/{length}")];
    }
    if let Some([from, to]) = right.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return vec![format!("{}-{}", words(from).concat(), words(to).concat())];
    }
    vec![right.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_one(statements: &Value) -> Rule {
        let rules = read(statements.as_array().unwrap());
        assert_eq!(rules.len(), 1);
        rules.into_iter().next().unwrap()
    }

    #[test]
    fn established_traffic_is_not_an_allowance() {
        let rule = read_one(&json!([
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
            {"accept": null}]));
        assert!(rule.established_only);
        let rule = read_one(&json!([
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "new"]}},
            {"accept": null}]));
        assert!(!rule.established_only);
    }

    #[test]
    fn sets_ranges_and_prefixes_are_spelled_out() {
        let rule = read_one(&json!([
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                "right": {"set": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, "192.0.2.1"]}}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}},
                "right": {"set": [53, {"range": [6000, 6010]}]}}},
            {"accept": null}]));
        assert_eq!(rule.sources, ["10.0.0.0/8", "192.0.2.1"]);
        assert_eq!(rule.ports, [(53, 53), (6000, 6010)]);
        assert_eq!(rule.protocols, ["udp"]);
    }

    #[test]
    fn a_verdict_map_is_one_rule_per_arm() {
        let rules = read(
            json!([{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}},
            "data": {"set": [[22, {"accept": null}], [80, {"jump": {"target": "web"}}]]}}}])
            .as_array()
            .unwrap(),
        );
        assert_eq!(rules[0].verdict, Verdict::Accept);
        assert_eq!(rules[0].ports, [(22, 22)]);
        assert_eq!(rules[1].verdict, Verdict::Chain("web".into()));
    }

    #[test]
    fn what_is_not_understood_narrows_and_never_widens() {
        let rule = read_one(&json!([{"xt": {"type": "match", "name": "owner"}}, {"accept": null}]));
        assert!(rule.conditional);
        let rule = read_one(&json!([
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@ports"}},
            {"accept": null}]));
        assert!(rule.conditional && rule.ports.is_empty());
    }

    #[test]
    fn everybody_but_one_is_not_any() {
        let rule = read_one(&json!([
            {"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"accept": null}]));
        assert_eq!(rule.sources, ["not interface eth0"]);
    }
}
