//! Proxies that filter (squid, squidGuard, ufdbGuard, e2guardian, privoxy), and who is told to use a proxy.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::network_web_filtering::{ProxyUse, WebFilter};
use serde_json::Value;

use super::{filter, lists, run};
use crate::{
    debian::apt_conf::AptConf,
    glob,
    look::{Found, Look},
    os_release,
};

pub(super) fn filters(look: &mut Look<'_>) -> Vec<WebFilter> {
    let found = [
        squid(look),
        rewriter(look, "squidguard", "/etc/squidguard/squidGuard.conf", "/var/lib/squidguard/db"),
        rewriter(look, "ufdbguard", "/etc/ufdbguard/ufdbGuard.conf", "/var/lib/ufdbguard"),
        e2guardian(look),
        privoxy(look),
    ];
    found.into_iter().flatten().collect()
}

/// Access lists of destinations, the files that they name, and whether any of them refuses.
fn squid(look: &mut Look<'_>) -> Option<WebFilter> {
    let main = "/etc/squid/squid.conf";
    let mut files = vec![main.to_owned()];
    files.extend(glob::matching(look, "/etc/squid/conf.d/*.conf"));
    let mut filter = filter("squid", "proxy", main);
    let mut destinations = Vec::new();
    let (mut refuses, mut there) = (false, false);
    for file in files {
        let found = look.text(&file);
        there |= found != Found::Missing;
        let Found::Here(text) = found else { continue };
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [
                    "acl",
                    name,
                    "dstdomain" | "dstdom_regex" | "url_regex" | "urlpath_regex"
                    | "ssl::server_name",
                    rest @ ..,
                ] => {
                    destinations.push((*name).to_owned());
                    for file in
                        rest.iter().filter_map(|word| word.trim_matches('"').strip_prefix('/'))
                    {
                        filter.lists.extend(lists::counted(look, &format!("/{file}")));
                    }
                }
                ["http_access", "deny", names @ ..] => {
                    refuses |=
                        names.iter().any(|name| destinations.iter().any(|known| known == name));
                }
                ["url_rewrite_program", program, ..] => {
                    let name = program.rsplit('/').next().unwrap_or(program);
                    filter.settings.insert("url_rewrite_program".to_owned(), name.to_owned());
                    refuses = true;
                }
                ["ssl_bump", ..] => {
                    drop(filter.settings.insert("ssl_bump".to_owned(), "set".to_owned()))
                }
                ["http_port", port, ..] => {
                    drop(filter.settings.insert("http_port".to_owned(), (*port).to_owned()))
                }
                _ => {}
            }
        }
    }
    if !there {
        return None;
    }
    filter.filters = Some(refuses);
    run(look, &mut filter, "squid.service", "squid");
    Some(filter)
}

/// More categories of lists than any provider has.
const MOST_CATEGORIES: usize = 200;

/// A program that squid asks about every address, with its folder of lists.
fn rewriter(look: &mut Look<'_>, id: &str, conf: &str, folder: &str) -> Option<WebFilter> {
    if !look.host.exists(conf) {
        return None;
    }
    let mut found = filter(id, "proxy", conf);
    let categories = look.names(folder).here().unwrap_or_default();
    if categories.len() > MOST_CATEGORIES {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!(
                "{folder} has {} categories, of which {MOST_CATEGORIES} are told",
                categories.len()
            ),
            "nothing needs to be done: the first in order are told",
        );
    }
    for category in categories.into_iter().take(MOST_CATEGORIES) {
        found.lists.extend(lists::dated(look, &format!("{folder}/{category}/domains")));
    }
    found.filters = Some(!found.lists.is_empty());
    Some(found)
}

fn e2guardian(look: &mut Look<'_>) -> Option<WebFilter> {
    let conf = "/etc/e2guardian/e2guardian.conf";
    if !look.host.exists(conf) {
        return None;
    }
    let mut found = filter("e2guardian", "proxy", conf);
    for folder in [
        "/etc/e2guardian/lists",
        "/etc/e2guardian/lists/example.group",
        "/etc/e2guardian/lists/group1",
    ] {
        for name in ["bannedsitelist", "bannedurllist", "bannedphraselist", "bannedregexpurllist"] {
            found.lists.extend(lists::counted(look, &format!("{folder}/{name}")));
        }
    }
    found.filters =
        Some(found.lists.iter().any(|list| list.entries.is_none_or(|entries| entries > 0)));
    run(look, &mut found, "e2guardian.service", "e2guardian");
    Some(found)
}

fn privoxy(look: &mut Look<'_>) -> Option<WebFilter> {
    let conf = "/etc/privoxy/config";
    let found = look.text(conf);
    if found == Found::Missing {
        return None;
    }
    let mut filter = filter("privoxy", "proxy", conf);
    for line in found.here().unwrap_or_default().lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let (Some(key), Some(value)) = (words.next(), words.next()) else { continue };
        match key {
            "actionsfile" | "filterfile" => {
                let file = if value.starts_with('/') {
                    value.to_owned()
                } else {
                    format!("/etc/privoxy/{value}")
                };
                filter.lists.extend(lists::counted(look, &file));
            }
            "listen-address" | "toggle" | "enforce-blocks" => {
                filter.settings.insert(key.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    filter.filters = Some(filter.settings.get("toggle").is_none_or(|toggle| toggle != "0"));
    run(look, &mut filter, "privoxy.service", "privoxy");
    Some(filter)
}

/// Who is told to go through a proxy.
pub(super) fn uses(look: &mut Look<'_>) -> Vec<ProxyUse> {
    let mut found = Vec::new();
    if let Found::Here(text) = look.text("/etc/environment") {
        for (name, value) in os_release::assignments(&text) {
            let name = name.to_ascii_lowercase();
            if ["http_proxy", "https_proxy", "all_proxy"].contains(&name.as_str()) {
                found.extend(used("environment", &value, "/etc/environment"));
            }
        }
    }
    for file in glob::matching(look, "/etc/apt/apt.conf.d/*")
        .into_iter()
        .chain(["/etc/apt/apt.conf".to_owned()])
    {
        let Found::Here(text) = look.text(&file) else { continue };
        let mut conf = AptConf::default();
        conf.add(&text);
        for key in ["Acquire::http::Proxy", "Acquire::https::Proxy"] {
            found.extend(conf.value(key).and_then(|value| used("apt", value, &file)));
        }
    }
    if let Found::Here(text) = look.text("/etc/dnf/dnf.conf") {
        let value = |line: &str| {
            line.trim()
                .strip_prefix("proxy")
                .and_then(|rest| rest.trim_start().strip_prefix('=').map(str::to_owned))
        };
        found.extend(
            text.lines().find_map(value).and_then(|value| used("dnf", &value, "/etc/dnf/dnf.conf")),
        );
    }
    let docker = "/etc/docker/daemon.json";
    let daemon: Value = look
        .text(docker)
        .here()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    for key in ["http-proxy", "https-proxy"] {
        found.extend(
            daemon["proxies"][key].as_str().and_then(|value| used("docker", value, docker)),
        );
    }
    found
}

/// Without the name and the password before the `@`, and without what comes after the host.
fn used(program: &str, value: &str, source: &str) -> Option<ProxyUse> {
    let value = value.trim();
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let server = rest.split('/').next()?;
    // A password with a slash in it would look like a host.
    if rest.contains('@') && !server.contains('@') {
        return None;
    }
    let host = server.rsplit('@').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    let fine = !host.is_empty() && host != "DIRECT" && format!("{scheme}{host}").bytes().all(plain);
    fine.then(|| ProxyUse {
        program: program.to_owned(),
        proxy: format!("{scheme}://{host}"),
        source: source.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_without_name_and_password() {
        let told = |value: &str| used("x", value, "f").map(|used| used.proxy);
        assert_eq!(told("http://joe:plan/ted@proxy:3128/"), None);
        assert_eq!(told("http://joe:secret@proxy:3128/"), Some("http://proxy:3128".to_owned()));
        assert_eq!(told("proxy:3128"), Some("http://proxy:3128".to_owned()));
        assert_eq!(told("DIRECT"), None);
        assert_eq!(told(""), None);
    }
}
