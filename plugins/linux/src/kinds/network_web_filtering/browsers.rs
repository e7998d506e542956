//! What policies tell browsers: sites kept away, warnings that cannot be passed, questions for names past the host's resolver.

use exhibit_plugin::kinds::network_web_filtering::WebFilter;
use serde_json::Value;

use super::filter;
use crate::{
    glob,
    look::{Found, Look},
};

/// Browser and where its mandatory policies lie.
const CHROMIUM: [(&str, &str); 4] = [
    ("browser:chrome", "/etc/opt/chrome/policies/managed/*.json"),
    ("browser:chromium", "/etc/chromium/policies/managed/*.json"),
    ("browser:edge", "/etc/opt/edge/policies/managed/*.json"),
    ("browser:brave", "/etc/brave/policies/managed/*.json"),
];

const FIREFOX: [&str; 3] = [
    "/etc/firefox/policies/policies.json",
    "/usr/lib/firefox/distribution/policies.json",
    "/usr/lib/firefox-esr/distribution/policies.json",
];

/// Policies of Chromium that are told as they are.
const KEYS: [&str; 8] = [
    "DisableSafeBrowsingProceedAnyway",
    "DnsOverHttpsMode",
    "ForceGoogleSafeSearch",
    "ProxyMode",
    "SafeBrowsingEnabled",
    "SafeBrowsingProtectionLevel",
    "SmartScreenEnabled",
    "SSLErrorOverrideAllowed",
];

pub(super) fn all(look: &mut Look<'_>) -> Vec<WebFilter> {
    let mut found = Vec::new();
    for (id, pattern) in CHROMIUM {
        found.extend(chromium(look, id, pattern));
    }
    found.extend(firefox(look));
    found
}

fn json(look: &mut Look<'_>, file: &str) -> Option<Value> {
    let Found::Here(text) = look.text(file) else { return None };
    match serde_json::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            look.garbled(file, &format!("it is not JSON: {error}"));
            None
        }
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(word) if word.len() <= 40 => Some(word.clone()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn chromium(look: &mut Look<'_>, id: &str, pattern: &str) -> Option<WebFilter> {
    let files = glob::matching(look, pattern);
    let mut found = filter(id, "browser", pattern);
    found.source.clone_from(files.first()?);
    let mut blocked = 0;
    for file in &files {
        let Some(policy) = json(look, file) else { continue };
        for key in KEYS {
            found.settings.extend(shown(&policy[key]).map(|value| (key.to_owned(), value)));
        }
        blocked += policy["URLBlocklist"].as_array().map_or(0, Vec::len);
    }
    if blocked > 0 {
        found.settings.insert("URLBlocklist".to_owned(), blocked.to_string());
    }
    let level = found.settings.get("SafeBrowsingProtectionLevel").is_some_and(|level| level != "0");
    let on = |key: &str| found.settings.get(key).is_some_and(|value| value == "true");
    found.filters =
        Some(blocked > 0 || level || on("SafeBrowsingEnabled") || on("SmartScreenEnabled"));
    Some(found)
}

fn firefox(look: &mut Look<'_>) -> Option<WebFilter> {
    let file = FIREFOX.iter().find(|file| look.host.exists(file))?;
    let value = json(look, file)?;
    let policies = &value["policies"];
    let mut found = filter("browser:firefox", "browser", file);
    let blocked = policies["WebsiteFilter"]["Block"].as_array().map_or(0, Vec::len);
    for (name, value) in [
        ("DisableSecurityBypass", &policies["DisableSecurityBypass"]["SafeBrowsing"]),
        ("DNSOverHTTPS.Enabled", &policies["DNSOverHTTPS"]["Enabled"]),
        ("DNSOverHTTPS.Locked", &policies["DNSOverHTTPS"]["Locked"]),
        ("Proxy.Mode", &policies["Proxy"]["Mode"]),
    ] {
        found.settings.extend(shown(value).map(|value| (name.to_owned(), value)));
    }
    if blocked > 0 {
        found.settings.insert("WebsiteFilter.Block".to_owned(), blocked.to_string());
    }
    found.filters = Some(blocked > 0);
    Some(found)
}
