//! Who reads the mail that the host writes to root: aliases(5) and `.forward`. A program in them is told as `exec`.

use exhibit_plugin::kinds::monitoring_alert_rules::Route;

use super::Alerts;
use crate::look::Look;

pub(super) fn read(look: &mut Look<'_>, alerts: &mut Alerts) {
    if let Some(text) = look.text("/etc/aliases").here() {
        for (number, line) in (1_usize..).zip(text.lines()) {
            if let Some((name, targets)) = line.split_once(':')
                && name.trim().eq_ignore_ascii_case("root")
            {
                let source = format!("/etc/aliases:{number}");
                alerts.routes.extend(targets.split(',').filter_map(|one| route(one, &source)));
            }
        }
    }
    if let Some(text) = look.text("/root/.forward").here() {
        let targets = text.lines().flat_map(|line| line.split(','));
        alerts.routes.extend(targets.filter_map(|one| route(one, "/root/.forward")));
    }
}

fn route(target: &str, source: &str) -> Option<Route> {
    let target = target.trim().trim_matches('"');
    if target.is_empty() || target.starts_with('#') {
        return None;
    }
    let (channel, shown) = if target.starts_with('|') {
        ("exec", None)
    } else if target.starts_with('/') {
        ("none", Some(target.to_owned()))
    } else {
        ("mail", Some(target.trim_start_matches('\\').to_owned()))
    };
    Some(Route {
        monitor: "mail".to_owned(),
        receiver: "root".to_owned(),
        channel: channel.to_owned(),
        target: shown,
        last_test: None,
        source: source.to_owned(),
    })
}
