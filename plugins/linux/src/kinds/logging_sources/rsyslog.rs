//! Finds where an rsyslog configuration sends messages; it never claims that they arrive.

/// A destination outside this host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Forward {
    /// Host name or address; never with credentials (rsyslog has none here).
    pub(crate) target: String,
    pub(crate) port: Option<u16>,
    /// `udp`, `tcp` or `relp`.
    pub(crate) transport: &'static str,
    /// TLS asked for on this very action, or for all by `$ActionSendStreamDriverMode 1`.
    pub(crate) tls: bool,
    /// What is sent, as written before the action; none when the line names nothing.
    pub(crate) selection: Option<String>,
    /// Line of the action, from 1.
    pub(crate) line: usize,
}

/// What one configuration text holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rsyslog {
    pub(crate) forwards: Vec<Forward>,
    /// Patterns of further files, as written.
    pub(crate) includes: Vec<String>,
    /// `$ActionSendStreamDriverMode 1` or the global network stream driver was met: later plain `@@` actions use TLS.
    pub(crate) tls_by_default: bool,
    /// Some action writes to a file, so records outlive a restart.
    pub(crate) writes_files: bool,
}

/// Parses one text. `tls_by_default` carries the legacy directive over from files read earlier.
pub(crate) fn parse(text: &str, tls_by_default: bool) -> Rsyslog {
    let mut found = Rsyslog { tls_by_default, ..Rsyslog::default() };
    let cleaned = without_comments(text);
    let mut selector = None;
    for (number, line) in (1..).zip(cleaned.lines().map(str::trim)) {
        legacy_line(line, number, &mut selector, &mut found);
    }
    for (_, arguments) in calls(&cleaned, "include") {
        found.includes.extend(argument(arguments, "file"));
    }
    for (at, arguments) in calls(&cleaned, "action") {
        let transport = match argument(arguments, "type").as_deref() {
            Some("omfwd") => match argument(arguments, "protocol").as_deref() {
                Some("tcp" | "TCP") => "tcp",
                Some(_) | None => "udp",
            },
            Some("omrelp") => "relp",
            Some("omfile") => {
                found.writes_files = true;
                continue;
            }
            Some(_) | None => continue,
        };
        let Some(target) = argument(arguments, "target") else { continue };
        let tls = match transport {
            "relp" => argument(arguments, "tls").as_deref() == Some("on"),
            "tcp" => argument(arguments, "streamdrivermode")
                .map_or(found.tls_by_default, |mode| mode == "1"),
            _ => false,
        };
        let port = argument(arguments, "port").and_then(|port| port.parse().ok());
        let before = cleaned.get(..at).unwrap_or_default();
        let selection = before.rsplit('\n').next().map(str::trim).filter(|text| !text.is_empty());
        let selection = selection.map(str::to_owned);
        let line = 1 + before.matches('\n').count();
        found.forwards.push(Forward { target, port, transport, tls, selection, line });
    }
    found.forwards.sort();
    found.forwards.dedup();
    found
}

fn legacy_line(line: &str, number: usize, selector: &mut Option<String>, found: &mut Rsyslog) {
    if let Some(directive) = line.strip_prefix('$') {
        let mut words = directive.split_ascii_whitespace();
        let name = words.next().unwrap_or_default().to_ascii_lowercase();
        match (name.as_str(), words.next()) {
            ("includeconfig", Some(pattern)) => found.includes.push(pattern.to_owned()),
            ("actionsendstreamdrivermode", Some(mode)) => found.tls_by_default = mode == "1",
            _ => {}
        }
        return;
    }
    // "selector  @@(options)host:port;template", and "& @host" which repeats the selector above.
    let Some((selection, action)) = line.split_once(char::is_whitespace) else { return };
    if selection != "&" {
        *selector = Some(selection.to_owned());
    }
    let action = action.trim_start().trim_start_matches('-');
    let (transport, rest) = if let Some(rest) = action.strip_prefix("@@") {
        ("tcp", rest)
    } else if let Some(rest) = action.strip_prefix('@') {
        ("udp", rest)
    } else if let Some(rest) = action.strip_prefix(":omrelp:") {
        ("relp", rest)
    } else {
        found.writes_files |= action.starts_with('/') && !action.starts_with("/dev/");
        return;
    };
    let rest = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((_options, rest)) => rest,
        None => rest,
    };
    let address = rest.split([';', ' ', '\t']).next().unwrap_or_default();
    // rsyslog knows no name and password here, but somebody may have written them.
    let address = address.rsplit('@').next().unwrap_or_default();
    let (target, port) = host_and_port(address);
    if !target.is_empty() {
        let tls = transport == "tcp" && found.tls_by_default;
        let selection = selector.clone();
        found.forwards.push(Forward { target, port, transport, tls, selection, line: number });
    }
}

fn host_and_port(address: &str) -> (String, Option<u16>) {
    if let Some((host, rest)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host.to_owned(), rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host.to_owned(), port.parse().ok()),
        Some(_) | None => (address.to_owned(), None),
    }
}

/// Place and arguments of every `name( … )` object of the newer syntax.
fn calls<'a>(text: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find(name)).map(|at| from + at) {
        from = at + name.len();
        let starts_word = !lower.get(..at).is_some_and(|before| {
            before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$')
        });
        let Some(rest) = text.get(from..).map(str::trim_start) else { break };
        if let Some(inside) = rest.strip_prefix('(')
            && starts_word
            && let Some(end) = closing(inside)
        {
            found.extend(inside.get(..end).map(|arguments| (at, arguments)));
        }
    }
    found
}

/// Index of the closing parenthesis outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ')' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Value of `key="…"` in the arguments of an object; keys are case-insensitive.
fn argument(arguments: &str, key: &str) -> Option<String> {
    let lower = arguments.to_ascii_lowercase();
    lower.match_indices(key).find_map(|(at, _)| {
        let before = lower.get(..at)?;
        if before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            return None;
        }
        let rest = arguments.get(at + key.len()..)?.trim_start().strip_prefix('=')?;
        let rest = rest.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    })
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        if !line.trim_start().starts_with('#') {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Shape<'a> = (&'a str, Option<u16>, &'a str, bool, Option<&'a str>, usize);

    fn shape(found: &Rsyslog) -> Vec<Shape<'_>> {
        found
            .forwards
            .iter()
            .map(|f| {
                (f.target.as_str(), f.port, f.transport, f.tls, f.selection.as_deref(), f.line)
            })
            .collect()
    }

    #[test]
    fn one_at_sign_is_udp_and_two_are_tcp() {
        let text =
            "*.* @192.0.2.1\nauth.* @@(o)logs.example.org:6514;RSYSLOG_Format\n& @192.0.2.9\n";
        assert_eq!(
            shape(&parse(text, false)),
            [
                ("192.0.2.1", None, "udp", false, Some("*.*"), 1),
                ("192.0.2.9", None, "udp", false, Some("auth.*"), 3),
                ("logs.example.org", Some(6514), "tcp", false, Some("auth.*"), 2)
            ]
        );
    }

    #[test]
    fn stream_driver_mode_makes_tcp_tls() {
        let found = parse("$ActionSendStreamDriverMode 1\n*.* @@[2001:db8::1]:6514\n", false);
        assert_eq!(shape(&found), [("2001:db8::1", Some(6514), "tcp", true, Some("*.*"), 2)]);
    }

    #[test]
    fn actions_over_several_lines_are_read() {
        let text = "*.* action(type=\"omfwd\"\n  Target=\"logs.example.org\" Port=\"6514\"\n  Protocol=\"tcp\" StreamDriver=\"gtls\" StreamDriverMode=\"1\")\nAction( type=\"omrelp\" target=\"relp.example.org\" port=\"2514\" tls=\"on\")\n";
        assert_eq!(
            shape(&parse(text, false)),
            [
                ("logs.example.org", Some(6514), "tcp", true, Some("*.*"), 1),
                ("relp.example.org", Some(2514), "relp", true, None, 4)
            ]
        );
    }

    #[test]
    fn comments_and_local_files_are_no_forwards() {
        let text = "#*.* @@old.example.org\nauth,authpriv.* /var/log/auth.log\nmail.* -/var/log/mail.log\naction(type=\"omfile\" file=\"/x\")\n";
        let found = parse(text, false);
        assert_eq!(found.forwards, []);
        assert!(found.writes_files);
        assert!(!parse("*.* |/dev/xconsole\n*.* /dev/console\n", false).writes_files);
    }

    #[test]
    fn both_kinds_of_include_are_followed() {
        let text = "$IncludeConfig /etc/rsyslog.d/*.conf\ninclude(file=\"/etc/more.conf\" mode=\"optional\")\n";
        assert_eq!(parse(text, false).includes, ["/etc/rsyslog.d/*.conf", "/etc/more.conf"]);
    }

    #[test]
    fn an_unclosed_action_is_not_guessed_at() {
        assert_eq!(parse("action(type=\"omfwd\" target=\"x\"", false).forwards, []);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(action\\(|@@|\"|é|İ|=|\\)|type|\n| ){0,60}") {
            let found = parse(&text, false);
            prop_assert!(found.forwards.len() <= text.len());
        }
    }
}
