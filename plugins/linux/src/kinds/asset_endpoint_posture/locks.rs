//! When screens lock: what GNOME's and KDE's settings for everybody say, else the default of the program. Settings of single
//! persons are not read; whether they could differ is told as `enforced`.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::kinds::asset_endpoint_posture::ScreenLock;

use crate::{
    glob,
    look::{Found, Look},
};

const IDLE: &str = "/org/gnome/desktop/session/idle-delay";
const ENABLED: &str = "/org/gnome/desktop/screensaver/lock-enabled";
const DELAY: &str = "/org/gnome/desktop/screensaver/lock-delay";
const KDE: &str = "/etc/xdg/kscreenlockerrc";

/// One lock a session; none when settings are there and cannot be read.
pub(super) fn all(look: &mut Look<'_>, sessions: &[String]) -> Option<Vec<ScreenLock>> {
    sessions.iter().map(|session| lock(look, session)).collect()
}

fn lock(look: &mut Look<'_>, session: &str) -> Option<ScreenLock> {
    match session {
        "gnome" => gnome(look),
        "kde" => kde(look),
        other => Some(ScreenLock {
            session: other.to_owned(),
            enabled: None,
            after_seconds: None,
            enforced: false,
            source: "not known".to_owned(),
        }),
    }
}

/// The settings that the system's own databases of dconf are made of; a later file wins.
fn gnome(look: &mut Look<'_>) -> Option<ScreenLock> {
    let mut values: BTreeMap<String, (String, String)> = BTreeMap::new();
    for file in glob::matching(look, "/usr/share/glib-2.0/schemas/*.override") {
        let Found::Here(text) = look.text(&file) else { return None };
        values.extend(keys(&text, &file, '.'));
    }
    let mut locked = BTreeSet::new();
    let databases = look.names("/etc/dconf/db").here().unwrap_or_default();
    for folder in databases.iter().filter(|name| name.ends_with(".d")) {
        let folder = format!("/etc/dconf/db/{folder}");
        for name in look.names(&folder).here().unwrap_or_default() {
            let file = format!("{folder}/{name}");
            if name == "locks" {
                for name in look.names(&file).here().unwrap_or_default() {
                    let Found::Here(text) = look.text(&format!("{file}/{name}")) else {
                        return None;
                    };
                    locked.extend(text.lines().map(|line| line.trim().to_owned()));
                }
                continue;
            }
            let Found::Here(text) = look.text(&file) else { return None };
            values.extend(keys(&text, &file, '/'));
        }
    }
    let number = |key: &str, default: u64| {
        let text = values.get(key).map(|(value, _)| value.trim_start_matches("uint32").trim());
        text.map_or(Some(default), |text| text.parse().ok())
    };
    let wanted = values.get(ENABLED).map_or("true", |(value, _)| value.as_str());
    let (idle, delay) = (number(IDLE, 300)?, number(DELAY, 0)?);
    let enabled = wanted == "true" && idle > 0;
    let source = values.get(IDLE).or_else(|| values.get(ENABLED));
    Some(ScreenLock {
        session: "gnome".to_owned(),
        enabled: Some(enabled),
        after_seconds: enabled.then(|| idle.saturating_add(delay)),
        enforced: locked.contains(IDLE) && locked.contains(ENABLED),
        source: source.map_or_else(|| "default".to_owned(), |(_, file)| file.clone()),
    })
}

/// `[org/gnome/desktop/session]` and `idle-delay=uint32 300`, by full key, with the file.
fn keys(text: &str, file: &str, separator: char) -> Vec<(String, (String, String))> {
    let mut found = Vec::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            // An override may hold for one desktop alone: `[org.gnome.desktop.session:ubuntu]`.
            section = name.split(':').next().unwrap_or(name).replace(separator, "/");
        } else if let Some((key, value)) = line.split_once('=') {
            let key = format!("/{section}/{}", key.trim());
            if [IDLE, ENABLED, DELAY].contains(&key.as_str()) {
                found.push((key, (value.trim().to_owned(), file.to_owned())));
            }
        }
    }
    found
}

/// `Autolock` and `Timeout` in minutes; `[$i]` keeps people from changing them.
fn kde(look: &mut Look<'_>) -> Option<ScreenLock> {
    let found = look.text(KDE);
    if found == Found::Unreadable {
        return None;
    }
    let there = matches!(found, Found::Here(_));
    let text = found.here().unwrap_or_default();
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().split_once('='));
        lines.find(|(name, _)| name.split('[').next() == Some(key))
    };
    let fixed = |key: &str| value(key).is_some_and(|(name, _)| name.contains("[$i]"));
    let enabled = value("Autolock").is_none_or(|(_, value)| value.trim() != "false");
    let minutes: u64 = value("Timeout").map_or(Some(5), |(_, value)| value.trim().parse().ok())?;
    Some(ScreenLock {
        session: "kde".to_owned(),
        enabled: Some(enabled),
        after_seconds: enabled.then(|| minutes.saturating_mul(60)),
        enforced: text.lines().any(|line| line.trim().ends_with("][$i]") || line.trim() == "[$i]")
            || fixed("Autolock") && fixed("Timeout"),
        source: if there { KDE } else { "default" }.to_owned(),
    })
}
