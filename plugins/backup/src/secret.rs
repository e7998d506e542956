//! What opens a repository. It is handed to the tool by file or environment, never by argument, and never printed.

use std::fmt;

/// Found in a tool's own configuration.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The passphrase itself.
    Text(String),
    /// A command that prints it.
    Command(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Variables for a tool.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment(pub(crate) Vec<(String, String)>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let secrets = [Secret::Text("planted".into()), Secret::Command("cat planted".into())];
        let environment = Environment(vec![("AWS_SECRET_ACCESS_KEY".into(), "planted".into())]);
        assert!(!format!("{environment:?}").contains("planted"));
        assert!(!format!("{secrets:?}").contains("planted"));
    }
}
