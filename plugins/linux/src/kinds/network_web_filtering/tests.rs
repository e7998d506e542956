use serde_json::{Value, json};

use super::*;
use crate::kinds::testing::{body, job, outcomes, planted};

fn row<'a>(body: &'a Value, id: &str) -> &'a Value {
    let rows = body["filters"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or(&Value::Null)
}

const FILTERS: &[(&str, &str)] = &[
    ("/etc/resolv.conf", "# x\nnameserver 127.0.0.53\n"),
    ("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.1\n"),
    ("/etc/systemd/resolved.conf", "[Resolve]\nDNS=9.9.9.9#dns.quad9.net\nDNSOverTLS=yes\n"),
    (
        "/etc/dnsmasq.conf",
        "# c\naddress=/plantedsite.example/0.0.0.0\nlocal=/lan/\naddress=/inside.example/10.0.0.7\naddn-hosts=/etc/blocked.hosts\n",
    ),
    ("/etc/blocked.hosts", "# list\n0.0.0.0 plantedsite.example\n\n0.0.0.0 b.example\n"),
    (
        "/etc/unbound/unbound.conf.d/a.conf",
        "server:\n  local-zone: \"plantedsite.example\" always_nxdomain\n  local-zone: \"10.in-addr.arpa.\" refuse\nrpz:\n  name: \"rpz.example\"\n  zonefile: \"/var/lib/unbound/rpz\"\n",
    ),
    ("/var/lib/unbound/rpz", "a CNAME .\n"),
    (
        "/etc/bind/named.conf.options",
        "options {\n response-policy { zone \"rpz.local\"; };\n};\nzone \"rpz.local\" {\n type master;\n file \"/etc/bind/db.rpz\";\n};\n",
    ),
    ("/etc/bind/db.rpz", "x\n"),
    ("/etc/pihole/gravity.db", ""),
    ("/etc/pihole/setupVars.conf", "WEBPASSWORD=plantedsecret\nBLOCKING_ENABLED=false\n"),
    (
        "/etc/squid/squid.conf",
        "http_port 3128\nacl bad dstdomain \"/etc/squid/bad.txt\"\nacl ok dstdomain .plantedsite.example\nhttp_access deny bad\nhttp_access allow all\n",
    ),
    ("/etc/squid/bad.txt", ".a.example\n.b.example\n"),
    ("/etc/privoxy/config", "actionsfile user.action\ntoggle 1\nlisten-address 127.0.0.1:8118\n"),
    ("/etc/privoxy/user.action", "{ +block }\n.plantedsite.example\n"),
    (
        "/etc/chromium/policies/managed/a.json",
        r#"{"URLBlocklist": ["plantedsite.example"], "SafeBrowsingProtectionLevel": 1, "DnsOverHttpsMode": "off"}"#,
    ),
    ("/etc/firefox/policies/policies.json", r#"{"policies": {"DNSOverHTTPS": {"Enabled": true}}}"#),
    (
        "/etc/environment",
        "PATH=/bin\nhttps_proxy=\"http://joe:plantedsecret@proxy.example:3128/\"\n",
    ),
    ("/lib/systemd/system/zsaservice.service", ""),
];

#[test]
fn filters_are_told_with_their_lists_and_without_what_is_on_them() {
    let root = planted(FILTERS);
    let observation = observe(&job(root.path()));
    let seen = body(KIND, &observation);
    assert!(!seen.to_string().contains("planted"), "{seen}");
    assert_eq!(outcomes(&observation), [""; 0]);
    assert_eq!(seen["resolvers"][0]["address"], "10.0.0.1");
    assert_eq!(
        seen["resolvers"][1],
        json!({"address": "9.9.9.9", "service": "quad9", "filtering": true, "transport": "tls", "source": "/etc/systemd/resolved.conf:2"})
    );
    let dnsmasq = row(&seen, "dnsmasq");
    assert_eq!(
        (&dnsmasq["filters"], &dnsmasq["settings"]),
        (&json!(true), &json!({"blocked": "1"}))
    );
    assert_eq!(
        (&dnsmasq["lists"][0]["name"], &dnsmasq["lists"][0]["entries"]),
        (&json!("/etc/blocked.hosts"), &json!(2))
    );
    assert!(dnsmasq["lists"][0]["updated"].is_string());
    assert_eq!(
        row(&seen, "unbound")["settings"],
        json!({"blocked": "1", "response_policies": "1"})
    );
    assert_eq!(row(&seen, "unbound")["lists"][0]["name"], "/var/lib/unbound/rpz");
    assert_eq!(row(&seen, "bind")["lists"][0]["name"], "/etc/bind/db.rpz");
    assert_eq!(row(&seen, "pihole")["filters"], false);
    let squid = row(&seen, "squid");
    assert_eq!((&squid["filters"], &squid["lists"][0]["entries"]), (&json!(true), &json!(2)));
    assert_eq!(row(&seen, "privoxy")["filters"], true);
    assert_eq!(
        row(&seen, "browser:chromium")["settings"],
        json!({"DnsOverHttpsMode": "off", "SafeBrowsingProtectionLevel": "1", "URLBlocklist": "1"})
    );
    assert_eq!(row(&seen, "browser:firefox")["filters"], false);
    assert_eq!(row(&seen, "zscaler")["enabled"], false);
    assert_eq!(
        seen["proxies"],
        json!([{"program": "environment", "proxy": "http://proxy.example:3128", "source": "/etc/environment"}])
    );
}

#[test]
fn a_proxy_that_refuses_nothing_and_a_short_hosts_file_are_no_filters() {
    let root = planted(&[
        (
            "/etc/squid/squid.conf",
            "acl ok dstdomain .example\nhttp_access allow ok\nhttp_access deny all\n",
        ),
        ("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 web.example web\n"),
        ("/etc/resolv.conf", "nameserver 8.8.8.8\n"),
    ]);
    let seen = body(KIND, &observe(&job(root.path())));
    assert_eq!(row(&seen, "squid")["filters"], false);
    assert_eq!(row(&seen, "hosts"), &Value::Null);
    assert_eq!(
        (&seen["resolvers"][0]["service"], &seen["resolvers"][0]["filtering"]),
        (&json!("google"), &json!(false))
    );
}

#[test]
fn what_cannot_be_read_is_told_and_what_is_not_there_is_not_made_up() {
    let root = planted(&[
        ("/etc/chromium/policies/managed/a.json", "{"),
        ("/etc/dnsmasq.d/x.conf", "addn-hosts=/list\n"),
    ]);
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, root.path().join("list"), kind, mode, 0).unwrap();
    let observation = observe(&job(root.path()));
    let seen = body(KIND, &observation);
    assert_eq!(seen["resolvers"], Value::Null);
    assert_eq!(row(&seen, "dnsmasq")["lists"][0]["entries"], Value::Null);
    let told = outcomes(&observation);
    assert!(told.iter().any(|text| text.contains("it is not JSON")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("/list is a pipe")), "{told:?}");
}

#[test]
fn this_machine_is_described_twice_in_the_same_words() {
    assert_eq!(body(KIND, &observe(&job("/"))), body(KIND, &observe(&job("/"))));
}
