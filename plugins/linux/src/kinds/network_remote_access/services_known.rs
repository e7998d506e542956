//! Services that let somebody in from elsewhere, by the names of their units. Who may use them stands mostly in a console
//! elsewhere.

use exhibit_plugin::kinds::network_remote_access::Way;

use super::{count, way};
use crate::{look::Look, services};

/// Name, kind, unit, process.
const KNOWN: [(&str, &str, &str, &str); 19] = [
    ("anydesk", "support", "anydesk.service", "anydesk"),
    ("cloudflared", "vpn", "cloudflared.service", "cloudflared"),
    ("cockpit", "shell", "cockpit.socket", "cockpit-ws"),
    ("dropbear", "shell", "dropbear.service", "dropbear"),
    ("gnome-remote-desktop", "desktop", "gnome-remote-desktop.service", "gnome-remote-de"),
    ("guacamole", "bastion", "guacd.service", "guacd"),
    ("nebula", "vpn", "nebula.service", "nebula"),
    ("netbird", "vpn", "netbird.service", "netbird"),
    ("ocserv", "vpn", "ocserv.service", "ocserv-main"),
    ("rustdesk", "support", "rustdesk.service", "rustdesk"),
    ("ssm-agent", "shell", "amazon-ssm-agent.service", "amazon-ssm-agen"),
    ("tailscale", "vpn", "tailscaled.service", "tailscaled"),
    ("teamviewer", "support", "teamviewerd.service", "teamviewerd"),
    ("teleport", "bastion", "teleport.service", "teleport"),
    ("telnet", "shell", "inetutils-telnetd.service", "in.telnetd"),
    ("tigervnc", "desktop", "vncserver@.service", "Xvnc"),
    ("x11vnc", "desktop", "x11vnc.service", "x11vnc"),
    ("xrdp", "desktop", "xrdp.service", "xrdp"),
    ("zerotier", "vpn", "zerotier-one.service", "zerotier-one"),
];
const VNC_USERS: &str = "/etc/tigervnc/vncserver.users";
const XRDP: &str = "/etc/xrdp/xrdp.ini";

pub(super) fn all(look: &mut Look<'_>) -> Vec<Way> {
    let mut found = Vec::new();
    for (name, kind, unit, process) in KNOWN {
        if !services::is_installed(&look.host, unit) {
            continue;
        }
        let Some(service) = services::find(look, unit, process) else { continue };
        let mut one = way(kind, name, "", unit);
        (one.enabled, one.active) = (service.enabled, service.active);
        match name {
            "xrdp" => xrdp(look, &mut one),
            "tigervnc" => {
                if let Some(text) = look.text(VNC_USERS).here() {
                    let lines = text.lines().map(str::trim);
                    one.peers = count(lines.filter(|line| line.starts_with(':')).count());
                }
            }
            _ => {}
        }
        found.push(one);
    }
    found
}

fn xrdp(look: &mut Look<'_>, one: &mut Way) {
    one.role = "server".to_owned();
    let Some(text) = look.text(XRDP).here() else { return };
    let told = ["crypt_level", "port", "security_layer", "ssl_protocols"];
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.eq_ignore_ascii_case("[globals]")
            && let Some((key, value)) = line.split_once('=')
            && told.contains(&key.trim())
        {
            one.settings.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
}
