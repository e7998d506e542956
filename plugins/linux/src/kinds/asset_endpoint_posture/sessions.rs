//! Which graphical sessions can be started, and whether one starts without asking who is there.

use crate::{
    glob,
    look::{Found, Look},
    names::escaped,
};

/// Beginnings of names of session files, and the session.
const KNOWN: [(&str, &str); 12] = [
    ("budgie", "budgie"),
    ("cinnamon", "cinnamon"),
    ("deepin", "deepin"),
    ("gnome", "gnome"),
    ("kde", "kde"),
    ("lxqt", "lxqt"),
    ("LXDE", "lxde"),
    ("mate", "mate"),
    ("plasma", "kde"),
    ("ubuntu", "gnome"),
    ("pop", "gnome"),
    ("xfce", "xfce"),
];

pub(super) fn all(look: &mut Look<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["/usr/share/wayland-sessions", "/usr/share/xsessions"] {
        for name in look.names(folder).here().unwrap_or_default() {
            let Some(stem) = name.strip_suffix(".desktop") else { continue };
            let known = KNOWN.iter().find(|(start, _)| stem.starts_with(start));
            found.push(
                known.map_or_else(|| escaped(stem.as_bytes()), |(_, name)| (*name).to_owned()),
            );
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Files of display managers, with the key that says who is signed in and the one that switches it on, where there is one.
const FILES: [(&str, &str, Option<&str>); 9] = [
    ("/etc/gdm3/daemon.conf", "AutomaticLogin", Some("AutomaticLoginEnable")),
    ("/etc/gdm3/custom.conf", "AutomaticLogin", Some("AutomaticLoginEnable")),
    ("/etc/gdm/custom.conf", "AutomaticLogin", Some("AutomaticLoginEnable")),
    ("/etc/sddm.conf", "User", None),
    ("/etc/sddm.conf.d/*.conf", "User", None),
    ("/usr/lib/sddm/sddm.conf.d/*.conf", "User", None),
    ("/etc/lightdm/lightdm.conf", "autologin-user", None),
    ("/etc/lightdm/lightdm.conf.d/*.conf", "autologin-user", None),
    ("/usr/share/lightdm/lightdm.conf.d/*.conf", "autologin-user", None),
];

/// None: no display manager's settings are there, or they cannot be read.
pub(super) fn automatic(look: &mut Look<'_>) -> Option<bool> {
    let (mut there, mut hidden) = (false, false);
    for (pattern, who, switch) in FILES {
        for file in glob::matching(look, pattern) {
            match look.text(&file) {
                Found::Here(text) => {
                    there = true;
                    let on = switch.is_none_or(|key| is_on(&text, key));
                    if on && (switch.is_some() || is_set(&text, who)) {
                        return Some(true);
                    }
                }
                Found::Unreadable => hidden = true,
                Found::Missing => {}
            }
        }
    }
    (there && !hidden).then_some(false)
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut values = text.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    });
    values.next_back()
}

fn is_on(text: &str, key: &str) -> bool {
    value(text, key).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

fn is_set(text: &str, key: &str) -> bool {
    value(text, key).is_some_and(|value| !value.is_empty())
}
