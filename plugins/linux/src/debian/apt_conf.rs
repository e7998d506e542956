//! Reads apt's configuration files (apt.conf(5)): nested blocks, lists, comments, `#clear`. Never asks apt itself.

use std::collections::BTreeMap;

/// Settings by lower-case path, such as `apt::periodic::unattended-upgrade`; lists in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AptConf {
    values: BTreeMap<String, Vec<String>>,
}

impl AptConf {
    /// Adds a file; later files override values and add to lists.
    pub(crate) fn add(&mut self, text: &str) {
        let mut path: Vec<String> = Vec::new();
        let mut words: Vec<Token> = Vec::new();
        for token in tokens(text) {
            match token {
                Token::Open => {
                    path.push(name_of(&words));
                    words.clear();
                }
                Token::Close => {
                    path.pop();
                    words.clear();
                }
                Token::End => {
                    self.statement(&path, &words);
                    words.clear();
                }
                Token::Word(_) | Token::Quoted(_) => words.push(token),
            }
        }
    }

    /// The last value set.
    pub(crate) fn value(&self, path: &str) -> Option<&str> {
        self.values.get(&path.to_ascii_lowercase())?.last().map(String::as_str)
    }

    /// What is set, in lower case; lists end with `::`.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The members of a list.
    pub(crate) fn list(&self, path: &str) -> &[String] {
        self.values.get(&format!("{}::", path.to_ascii_lowercase())).map_or(&[], Vec::as_slice)
    }

    fn statement(&mut self, path: &[String], words: &[Token]) {
        let joined = |name: &str| {
            let mut full = path.to_vec();
            if !name.is_empty() {
                full.push(name.to_owned());
            }
            full.join("::").to_ascii_lowercase()
        };
        match words {
            [Token::Word(clear), names @ ..] if clear == "#clear" => {
                for name in names {
                    let key = joined(text_of(name).trim_end_matches("::"));
                    let below = format!("{key}::");
                    self.values.retain(|known, _| *known != key && !known.starts_with(&below));
                }
            }
            // A value without a name is a member of the list around it.
            [Token::Quoted(value)] => self.push(&joined(""), value),
            [name, value] => {
                let name = text_of(name);
                match name.strip_suffix("::") {
                    Some(list) => self.push(&joined(list), text_of(value)),
                    None => {
                        self.values.insert(joined(name), vec![text_of(value).to_owned()]);
                    }
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, list: &str, value: &str) {
        self.values.entry(format!("{list}::")).or_default().push(value.to_owned());
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Open,
    Close,
    End,
}

fn text_of(token: &Token) -> &str {
    match token {
        Token::Word(text) | Token::Quoted(text) => text,
        Token::Open | Token::Close | Token::End => "",
    }
}

fn name_of(words: &[Token]) -> String {
    words.first().map(|word| text_of(word).trim_end_matches("::").to_owned()).unwrap_or_default()
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    let mut word = String::new();
    let flush = |word: &mut String, found: &mut Vec<Token>| {
        if !word.is_empty() {
            found.push(Token::Word(std::mem::take(word)));
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                flush(&mut word, &mut found);
                found.push(Token::Quoted(characters.by_ref().take_while(|c| *c != '"').collect()));
            }
            '/' if word.is_empty() && characters.peek() == Some(&'/') => {
                characters.by_ref().find(|c| *c == '\n');
            }
            '/' if word.is_empty() && characters.peek() == Some(&'*') => {
                let mut before = ' ';
                characters
                    .by_ref()
                    .find(|c| std::mem::replace(&mut before, *c) == '*' && *c == '/');
            }
            '#' if word.is_empty() => {
                let rest: String = characters.by_ref().take_while(|c| *c != '\n').collect();
                if let Some(names) = rest.strip_prefix("clear ") {
                    found.push(Token::Word("#clear".to_owned()));
                    let names = names.trim_end().trim_end_matches(';').split_whitespace();
                    found.extend(names.map(|name| Token::Word(name.to_owned())));
                    found.push(Token::End);
                }
            }
            '{' | '}' | ';' => {
                flush(&mut word, &mut found);
                found.push(match character {
                    '{' => Token::Open,
                    '}' => Token::Close,
                    _ => Token::End,
                });
            }
            space if space.is_whitespace() => flush(&mut word, &mut found),
            other => word.push(other),
        }
    }
    flush(&mut word, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lists_comments_and_overrides_are_understood() {
        let mut conf = AptConf::default();
        conf.add(
            "// a comment\nAPT::Periodic::Update-Package-Lists \"0\";\n/* more\n comment */\n# and this\n\
             APT { Periodic { Unattended-Upgrade \"1\"; }; };\n\
             Unattended-Upgrade::Origins-Pattern {\n  \"origin=Debian\"; // one\n  \"origin=Other\";\n};\n\
             Unattended-Upgrade::Origins-Pattern:: \"origin=Third\";",
        );
        conf.add("APT::Periodic::Update-Package-Lists \"1\";");
        assert_eq!(conf.value("APT::Periodic::Update-Package-Lists"), Some("1"));
        assert_eq!(conf.value("apt::periodic::unattended-upgrade"), Some("1"));
        assert_eq!(
            conf.list("Unattended-Upgrade::Origins-Pattern"),
            ["origin=Debian", "origin=Other", "origin=Third"]
        );
        conf.add("#clear Unattended-Upgrade::Origins-Pattern;\n");
        assert!(conf.list("Unattended-Upgrade::Origins-Pattern").is_empty());
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in ["}", "{ { {", "\"never closed", "/* never closed", "a b c d;", "::", "#clear"]
        {
            AptConf::default().add(text);
        }
    }
}
