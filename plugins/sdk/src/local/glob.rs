//! Patterns of include directives: `*` and `?` in the last part of a path. It never descends into directories.

use super::look::Look;

pub use crate::plugin::matches;

/// Files that match, sorted; the pattern itself when it has no wildcard.
pub fn matching(look: &mut Look<'_>, pattern: &str) -> Vec<String> {
    let Some((folder, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    if !name.contains(['*', '?']) {
        return vec![pattern.to_owned()];
    }
    let names = look.names(folder).here().unwrap_or_default();
    names
        .into_iter()
        // As in a shell, a leading dot must be asked for.
        .filter(|found| matches(name, found) && (name.starts_with('.') || !found.starts_with('.')))
        .map(|found| format!("{folder}/{found}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a*b*c", "aXbYbc", true),
            ("?-*", "1-x", true),
            ("?", "", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn files_come_sorted_and_hidden_ones_stay_hidden() {
        let root = testing::planted(&[("/d/b.conf", ""), ("/d/a.conf", ""), ("/d/.c.conf", "")]);
        let job = testing::job(root.path());
        let mut look = Look::new(&job);
        assert_eq!(matching(&mut look, "/d/*.conf"), ["/d/a.conf", "/d/b.conf"]);
        assert_eq!(matching(&mut look, "/d/x"), ["/d/x"]);
        assert_eq!(matching(&mut look, "/none/*"), Vec::<String>::new());
    }
}
