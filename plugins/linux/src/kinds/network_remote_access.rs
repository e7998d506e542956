//! `network.remote_access` of a Linux host: WireGuard, OpenVPN, IPsec, meshes, the SSH server with its conditions, jump
//! hosts, remote desktops and support tools.
//!
//! It opens no file that holds only secrets, and takes of the others the keys of fixed lists.

mod ipsec;
mod services_known;
mod ssh;
mod vpn;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::network_remote_access::{KIND, RemoteAccess, Way},
};

use crate::look::Look;

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/wireguard/*.conf, /etc/systemd/network/*.netdev: without keys",
        "/etc/openvpn/{,server/,client/}*.conf: options of a fixed list",
        "/etc/ipsec.conf, /etc/ipsec.d/*.conf, /etc/swanctl/{swanctl.conf,conf.d/*.conf}: without secrets",
        "/etc/ssh/sshd_config and /etc/ssh/ssh_config with what they include",
        "/etc/xrdp/xrdp.ini, /etc/tigervnc/vncserver.users (counted)",
        "systemctl show of known services, or unit files and /proc/<pid>/comm",
    ],
    needs: &["CAP_DAC_READ_SEARCH: /etc/wireguard, /etc/swanctl and some of /etc/openvpn"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let mut ways = vpn::wireguard(&mut look);
    ways.extend(vpn::openvpn(&mut look));
    ways.extend(ipsec::all(&mut look));
    ways.extend(ssh::all(&mut look));
    ways.extend(services_known::all(&mut look));
    let rows = ways.len();
    look.seen.document(RemoteAccess { ways }, rows);
    look.done()
}

fn way(kind: &str, technology: &str, name: &str, source: &str) -> Way {
    let id = if name.is_empty() { technology.to_owned() } else { format!("{technology}:{name}") };
    Way {
        id,
        kind: kind.to_owned(),
        technology: technology.to_owned(),
        role: "unknown".to_owned(),
        enabled: None,
        active: None,
        peers: None,
        settings: BTreeMap::new(),
        source: source.to_owned(),
    }
}

fn count(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}

/// Name of a file without folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    fn row<'a>(body: &'a Value, id: &str) -> &'a Value {
        let rows = body["ways"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap_or(&Value::Null)
    }

    #[test]
    fn every_way_in_is_told_and_no_secret_is() {
        let root = planted(&[
            (
                "/etc/wireguard/wg0.conf",
                "[Interface]\nPrivateKey = SECRET0\nListenPort = 51820\nAddress = 10.9.0.1/24\nPostUp = curl -u x:SECRET1\n\
                 [Peer]\n# SECRET2\nPublicKey = P\nPresharedKey = SECRET3\nAllowedIPs = 10.9.0.2/32\n\
                 [peer]\nPublicKey=P\nAllowedIPs=10.9.0.3/32, fd00::3/128\n",
            ),
            (
                "/etc/openvpn/server/office.conf",
                "port 1194\nproto udp\nserver 10.8.0.0 255.255.255.0\nverify-client-cert require\ncipher AES-256-GCM\n\
                 tls-crypt /etc/openvpn/SECRET4.key\nmanagement 127.0.0.1 7505 SECRET5\nplugin /usr/lib/openvpn/auth-pam.so login SECRET6\n\
                 <key>\ncipher SECRET7\n</key>\nhttp-proxy-user-pass SECRET8\n",
            ),
            ("/etc/openvpn/home.conf", "client\nremote vpn.example 1194\nauth-user-pass\n"),
            (
                "/etc/ipsec.conf",
                "config setup\n  plutodebug=all\nconn %default\n  keyexchange=ikev2\nconn site\n  authby=secret\n  ike=aes256-sha256-modp2048\n  auto=start\n  leftcert=SECRET9.pem\n",
            ),
            (
                "/etc/swanctl/conf.d/rw.conf",
                "connections {\n  rw {\n    version = 2\n    proposals = aes256gcm16-prfsha384-ecp384\n    remote {\n      auth = eap-tls\n    }\n  }\n}\nsecrets {\n  ike-1 {\n    secret = SECRETA\n    version = SECRETB\n  }\n}\n",
            ),
            ("/usr/sbin/sshd", ""),
            (
                "/etc/ssh/sshd_config",
                "PermitTunnel yes\nSetEnv TOKEN=SECRETC\nMatch Group contractors\n  AllowTcpForwarding no\n  ForceCommand /bin/x SECRETD\n",
            ),
            (
                "/etc/ssh/ssh_config.d/jump.conf",
                "Host *.inner\n  ProxyJump bastion.example\n  ProxyCommand nc SECRETE\n",
            ),
            ("/etc/ssh/ssh_config", "Include /etc/ssh/ssh_config.d/*.conf\n"),
            ("/lib/systemd/system/xrdp.service", ""),
            (
                "/etc/xrdp/xrdp.ini",
                "[Globals]\nport=3389\nsecurity_layer=negotiate\ncrypt_level=high\n[Xorg]\npassword=SECRETF\nport=-1\n",
            ),
            ("/lib/systemd/system/tailscaled.service", ""),
        ]);
        let observation = observe(&job(root.path()));
        let seen = body(KIND, &observation);
        assert!(!seen.to_string().contains("SECRET"), "{seen}");
        let wg = row(&seen, "wireguard:wg0");
        assert_eq!((&wg["peers"], &wg["role"]), (&json!(2), &json!("server")));
        assert_eq!(
            wg["settings"],
            json!({"address": "10.9.0.1/24", "allowed_ips": "10.9.0.2/32 10.9.0.3/32 fd00::3/128", "listen_port": "51820", "preshared_keys": "1"})
        );
        let vpn = row(&seen, "openvpn:server/office");
        assert_eq!(
            (&vpn["role"], &vpn["settings"]["verify-client-cert"]),
            (&json!("server"), &json!("require"))
        );
        assert_eq!(
            (&vpn["settings"]["tls-crypt"], &vpn["settings"]["plugin"]),
            (&json!("set"), &json!("auth-pam.so"))
        );
        assert_eq!(
            (&vpn["settings"]["cipher"], &vpn["settings"]["management"]),
            (&json!("AES-256-GCM"), &json!("set"))
        );
        assert_eq!(row(&seen, "openvpn:home")["role"], "client");
        let site = row(&seen, "ipsec:site");
        assert_eq!(
            site["settings"],
            json!({"authby": "secret", "auto": "start", "ike": "aes256-sha256-modp2048", "keyexchange": "ikev2"})
        );
        assert_eq!(
            row(&seen, "ipsec:rw")["settings"],
            json!({"proposals": "aes256gcm16-prfsha384-ecp384", "remote.auth": "eap-tls", "version": "2"})
        );
        assert_eq!(row(&seen, "ssh")["settings"]["permittunnel"], "yes");
        let block = row(&seen, "ssh:Match Group contractors");
        assert_eq!(block["settings"], json!({"allowtcpforwarding": "no", "forcecommand": "set"}));
        let jump = row(&seen, "jump:*.inner");
        assert_eq!(
            (&jump["kind"], &jump["settings"]),
            (&json!("bastion"), &json!({"proxycommand": "set", "proxyjump": "bastion.example"}))
        );
        assert_eq!(
            row(&seen, "xrdp")["settings"],
            json!({"crypt_level": "high", "port": "3389", "security_layer": "negotiate"})
        );
        assert_eq!(row(&seen, "tailscale")["enabled"], false);
        assert!(outcomes(&observation).is_empty());
    }

    #[test]
    fn a_pipe_instead_of_a_file_is_an_outcome() {
        let root = planted(&[("/etc/wireguard/x", "")]);
        let pipe = root.path().join("etc/wireguard/wg9.conf");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let observation = observe(&job(root.path()));
        assert_eq!(body(KIND, &observation)["ways"][0]["peers"], Value::Null);
        assert!(outcomes(&observation)[0].contains("a pipe"), "{:?}", outcomes(&observation));
    }
}
