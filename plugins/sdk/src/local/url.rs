//! Addresses as they may be shown: scheme, host and path. It never lets a user name, a password or a query out.

/// The address without user name, password, query and fragment. Text without `://` is no address and stays, but for its query.
#[must_use]
pub fn shown(url: &str) -> String {
    let url = match url.find("://") {
        Some(at) => {
            let (scheme, rest) = url.split_at(at + 3);
            format!("{scheme}{}", without_user(rest))
        }
        None => url.to_owned(),
    };
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Host and port alone; none when there is none. An address may come without `://`.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let shown = shown(&format!("any://{rest}"));
    let host = shown.trim_start_matches("any://").split('/').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

/// A password may hold a slash or an at sign although it should not; a path may hold an at sign.
fn without_user(rest: &str) -> &str {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let behind_last = |text: &'_ str| text.rfind('@').map_or(0, |at| at + 1);
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Colons of an IPv6 address stand in brackets.
    let outside = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    let after = match authority.split_once('@') {
        None if outside.split_once(':').is_none_or(|(_, port)| is_port(port)) => 0,
        Some((user, _)) if !user.contains(':') || !path.contains('@') => behind_last(authority),
        None | Some(_) => behind_last(rest),
    };
    rest.get(after..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_reach_the_shown_address() {
        for (url, expected) in [
            ("https://u:p@a.example/x?sig=s#t", "https://a.example/x"),
            ("https://token@a.example/x", "https://a.example/x"),
            ("https://u:p/q@a.example/x", "https://a.example/x"),
            ("https://u:p/q@r@a.example/x", "https://a.example/x"),
            ("https://u:p@q/r@a.example/x", "https://a.example/x"),
            ("https://u:p?q@a.example/x", "https://a.example/x"),
            ("https://a.example:8443/x@2", "https://a.example:8443/x@2"),
            ("https://a.example/x@2", "https://a.example/x@2"),
            ("https://[2001:db8::1]:8443/x@2", "https://[2001:db8::1]:8443/x@2"),
            ("https://u:p@[2001:db8::1]/x", "https://[2001:db8::1]/x"),
            ("rest:https://u:p@a.example/x", "rest:https://a.example/x"),
            ("cdrom:[Debian]/", "cdrom:[Debian]/"),
            ("/srv/mirror", "/srv/mirror"),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
        for (address, expected) in [
            ("https://u:p/q@a.example:1/x?t=s", Some("a.example:1")),
            ("u:p/q@a.example", Some("a.example")),
            ("a.example:10051", Some("a.example:10051")),
            ("", None),
            ("u:p@", None),
        ] {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }
}
