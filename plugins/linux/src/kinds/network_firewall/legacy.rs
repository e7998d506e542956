//! Reads what `iptables-legacy-save` prints; it never runs it.

use super::model::{Chain, Rule, Ruleset, Verdict};

/// Parses the output for one address family (`ip` or `ip6`); the number counts lines that fit nowhere.
pub(crate) fn parse(text: &str, family: &str) -> (Ruleset, usize) {
    let mut chains: Vec<Chain> = Vec::new();
    let mut table = String::new();
    let mut unknown = 0;
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
        } else if let Some(rest) = line.strip_prefix(':') {
            let mut words = rest.split_ascii_whitespace();
            let (Some(name), Some(policy)) = (words.next(), words.next()) else {
                unknown += 1;
                continue;
            };
            chains.push(Chain {
                family: family.to_owned(),
                table: table.clone(),
                name: name.to_owned(),
                // A user chain has the policy "-".
                hook: (policy != "-").then(|| name.to_ascii_lowercase()),
                filters: table == "filter",
                drops_by_policy: policy == "DROP",
                rules: Vec::new(),
                rule_count: 0,
            });
        } else if line == "COMMIT" {
            table.clear();
        } else if !append(&mut chains, &table, line) {
            unknown += 1;
        }
    }
    (Ruleset { chains }, unknown)
}

fn append(chains: &mut [Chain], table: &str, line: &str) -> bool {
    // With -c the save format puts "[packets:bytes]" first.
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_counters, rest)) => rest,
        None => line,
    };
    let Some((name, rule)) = line.strip_prefix("-A ").and_then(|rest| rest.split_once(' ')) else {
        return false;
    };
    match chains.iter_mut().find(|chain| chain.table == table && chain.name == name) {
        Some(chain) => {
            chain.rules.push(read_rule(rule));
            chain.rule_count += 1;
            true
        }
        None => false,
    }
}

fn read_rule(text: &str) -> Rule {
    let mut rule = Rule::new(Verdict::Other);
    let mut words = text.split_ascii_whitespace();
    let mut negated = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        let not = if negated { "not " } else { "" };
        match word {
            "!" => {
                negated = true;
                continue;
            }
            "-p" if !negated => rule.protocols.push(value().to_owned()),
            "-s" => rule.sources.push(format!("{not}{}", value())),
            "-i" => rule.sources.push(format!("{not}interface {}", value())),
            "--dport" | "--dports" if !negated => match ports(value()) {
                Some(ports) => rule.ports.extend(ports),
                None => rule.conditional = true,
            },
            "--ctstate" | "--state" if !negated => {
                rule.established_only |= !value().split(',').any(|state| state == "NEW");
            }
            // Naming a match module limits nothing; its options do. A comment's text is skipped below.
            "-m" => {
                value();
            }
            "--comment" => skip_quoted(&mut words),
            "-j" | "-g" => {
                rule.verdict = verdict(value());
                // What follows are the target's own options.
                break;
            }
            _ => rule.conditional = true,
        }
        negated = false;
    }
    rule
}

fn verdict(target: &str) -> Verdict {
    match target {
        "ACCEPT" => Verdict::Accept,
        "DROP" | "REJECT" => Verdict::Drop,
        "LOG" | "NFLOG" | "RETURN" | "MARK" | "CONNMARK" | "QUEUE" | "NFQUEUE" | "TCPMSS" | "" => {
            Verdict::Other
        }
        chain => Verdict::Chain(chain.to_owned()),
    }
}

fn skip_quoted<'a>(words: &mut impl Iterator<Item = &'a str>) {
    let Some(first) = words.next() else { return };
    if first.starts_with('"') && (first.len() == 1 || !first.ends_with('"')) {
        words.by_ref().find(|word| word.ends_with('"') && !word.ends_with("\\\""));
    }
}

fn ports(text: &str) -> Option<Vec<(u16, u16)>> {
    text.split(',')
        .map(|part| match part.split_once(':') {
            Some((from, to)) => Some((from.parse().ok()?, to.parse().ok()?)),
            None => part.parse().ok().map(|port| (port, port)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::kinds::network_firewall::DefaultAction;

    #[test]
    fn legacy_rules_are_read_without_counters() {
        let text = "# Generated\n*filter\n:INPUT DROP [5:300]\n:mine - [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 22,8000:8010 -m comment --comment \"for -j DROP only\" -j ACCEPT\n[7:8] -A INPUT -j mine\n-A mine -j RETURN\nCOMMIT\n";
        let (ruleset, unknown) = parse(text, "ip");
        assert_eq!(unknown, 0);
        assert_eq!(ruleset.default_of("input", false), DefaultAction::Drop);
        let allowed: Vec<_> = ruleset
            .inbound_allowed()
            .into_iter()
            .map(|a| (a.protocol, a.port_from, a.port_to, a.source))
            .collect();
        assert_eq!(
            allowed,
            [
                ("tcp".to_owned(), Some(22), Some(22), "10.0.0.0/8".to_owned()),
                ("tcp".to_owned(), Some(8000), Some(8010), "10.0.0.0/8".to_owned())
            ]
        );
        assert_eq!(ruleset.rule_count(), 4);
    }

    #[test]
    fn lines_that_fit_nowhere_are_counted() {
        assert_eq!(parse("-A NOWHERE -j ACCEPT\nhello\n:\n", "ip").1, 3);
    }

    #[test]
    fn an_unknown_match_is_a_condition() {
        let (ruleset, _) =
            parse("*filter\n:INPUT DROP [0:0]\n-A INPUT -m owner --uid-owner 0 -j ACCEPT\n", "ip");
        assert_eq!(ruleset.inbound_allowed()[0].source, "limited by a further condition");
    }
}
