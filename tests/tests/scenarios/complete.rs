//! Each document says how it was obtained, how many rows it has, whether it is cut, and the population where there is one.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::damaged::Asked;
use crate::planted::host::Planted;

const LINUX: &str = "exhibit-plugin-linux";
const BACKUP: &str = "exhibit-plugin-backup";

/// What a document is held against, or why there is nothing.
enum Population {
    /// The number of rows that the source has.
    Expected,
    None(&'static str),
}

use Population::{Expected, None as Nothing};

const SETTINGS: &str = "each is one setting, told or null";
const FILES: &str = "the files are the only list; one that cannot be read is an outcome";
const KERNEL: &str = "the kernel lists them, and what it lists is told";

const POPULATIONS: &[(&str, Population)] = &[
    ("access.resource_permissions", Nothing("`totals` counts what was found, listed or not")),
    ("asset.endpoint_posture", Nothing("it is one device")),
    ("asset.inventory", Nothing("it is one machine")),
    ("backup.jobs", Nothing("each repository of the settings is a row, whether or not it answers")),
    ("capacity.metrics", Nothing(KERNEL)),
    ("config.baseline", Nothing(SETTINGS)),
    ("config.desired_state", Nothing(SETTINGS)),
    (
        "config.file_integrity",
        Nothing("`files` counts what was compared, `without_sums` what could not be"),
    ),
    ("config.scheduled_jobs", Nothing(FILES)),
    ("continuity.tests", Expected),
    ("crypto.at_rest", Nothing(KERNEL)),
    (
        "crypto.certificates_and_keys",
        Nothing("`complete` says whether all that is named was found"),
    ),
    ("crypto.in_transit", Nothing(SETTINGS)),
    ("data.retention", Nothing(FILES)),
    ("hardware.health", Nothing(KERNEL)),
    ("identity.accounts", Expected),
    ("identity.mfa", Nothing(FILES)),
    ("identity.privileged_grants", Nothing("`complete` says whether every rule was read")),
    ("identity.secrets_and_keys", Nothing("`complete` says whether every account was looked at")),
    ("identity.sign_in_policy", Nothing(SETTINGS)),
    (
        "logging.privileged_activity",
        Nothing("rows are counts; each source says how many records it had"),
    ),
    ("logging.protection", Nothing(FILES)),
    ("logging.sources", Nothing(FILES)),
    ("malware.protection", Nothing("programs that are known by name")),
    ("media.removable", Nothing(SETTINGS)),
    ("monitoring.alert_rules", Nothing(FILES)),
    ("monitoring.detections", Expected),
    ("network.firewall", Nothing(KERNEL)),
    ("network.remote_access", Nothing(FILES)),
    ("network.segmentation", Expected),
    ("network.services", Nothing(KERNEL)),
    ("network.web_filtering", Nothing(FILES)),
    ("patch.status", Nothing("`counts` has the packages that were looked at")),
    ("resilience.redundancy", Nothing(FILES)),
    ("sdlc.change_records", Expected),
    (
        "software.containers",
        Nothing("`images_complete` and `containers_complete` of each engine say it"),
    ),
    ("software.install_control", Nothing(FILES)),
    ("software.inventory", Expected),
    ("time.sync", Nothing(SETTINGS)),
    ("vulnerability.findings", Expected),
];

fn settings() -> serde_json::Value {
    json!({
        "permissions": {"paths": ["/etc"]}, "integrity": {"megabytes": 4, "seconds": 1},
        "advisories": [{"path": "/srv/advisories.json", "format": "debian-tracker"}],
        "certificates": {"paths": ["/srv/certificates"]},
        "backup": {"repositories": [{"name": "dumps", "tool": "files", "location": "/srv/dumps"}]}
    })
}

fn write(root: &Path, path: &str, content: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

#[test]
fn every_kind_declares_its_population_or_why_it_has_none_and_keeps_to_it() {
    let tree = tempfile::tempdir().unwrap();
    let _planted = Planted::below(tree.path());
    let asked = Asked { settings: settings(), ..Asked::new() };
    let mut known: Vec<String> =
        [LINUX, BACKUP].iter().flat_map(|plugin| asked.kinds(plugin)).collect();
    known.sort();
    let listed: Vec<&str> = POPULATIONS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        listed, known,
        "say which rows are to be expected of a new kind, or why there are none"
    );
    let mut held = 0;
    for root in [tree.path(), Path::new("/")] {
        for plugin in [LINUX, BACKUP] {
            for (kind, told) in asked.tell(plugin, root, &[]) {
                let (_, population) = POPULATIONS.iter().find(|(known, _)| *known == kind).unwrap();
                if told.body.is_none() {
                    assert!(!told.outcomes.is_empty(), "{kind} of {root:?}");
                    continue;
                }
                match population {
                    Expected => {
                        held += 1;
                        let expected = told
                            .expected
                            .unwrap_or_else(|| unreachable!("{kind} of {root:?} tells none"));
                        assert!(told.rows <= expected, "{kind}: {} of {expected}", told.rows);
                        let all = told.rows == expected;
                        assert!(
                            all || !told.outcomes.is_empty(),
                            "{kind}: {} of {expected} in silence",
                            told.rows
                        );
                    }
                    Nothing(reason) => {
                        assert!(!reason.is_empty());
                        assert_eq!(
                            told.expected, None,
                            "{kind} has a population after all: declare it"
                        );
                    }
                }
            }
        }
    }
    assert!(held >= 9, "only {held} documents were held against their population");
}

/// Kind, the number of rows that are planted, and what plants them.
type Flood = (&'static str, usize, fn(&Path, usize));

const FLOODS: &[Flood] = &[
    ("sdlc.change_records", 2_100, |root, count| {
        let day = jiff::Timestamp::now().to_string();
        let day = day.split('T').next().unwrap();
        let entry = |number: usize| {
            format!(
                "\nStart-Date: {day}  {:02}:{:02}:{:02}\nCommandline: apt install a\nInstall: a:amd64 (1)\nEnd-Date: {day}  00:00:01\n",
                number / 3600 % 24,
                number / 60 % 60,
                number % 60
            )
        };
        write(root, "var/log/apt/history.log", &(0..count).map(entry).collect::<String>());
    }),
    ("monitoring.detections", 600, |root, count| {
        let day = jiff::Timestamp::now().to_string();
        let day = day.split('T').next().unwrap();
        let line = |number| {
            format!("{day} 00:00:01,000 fail2ban.actions [1]: NOTICE [jail{number}] Ban 10.0.0.9\n")
        };
        write(root, "var/log/fail2ban.log", &(0..count).map(line).collect::<String>());
        write(root, "usr/bin/fail2ban-server", "");
    }),
    ("vulnerability.findings", 20_100, |root, count| {
        let one = |number| {
            format!(
                "\"CVE-2026-{number:05}\": {{\"releases\": {{\"trixie\": {{\"status\": \"open\", \"urgency\": \"low\"}}}}}}"
            )
        };
        let all: Vec<String> = (0..count).map(one).collect();
        write(root, "srv/advisories.json", &format!("{{\"tool\": {{{}}}}}", all.join(",")));
        write(root, "etc/os-release", "ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID=\"13\"\n");
        write(
            root,
            "var/lib/dpkg/status",
            "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n",
        );
    }),
    ("network.segmentation", 1_100, |root, count| {
        for number in 0..count {
            let text = format!("{{\"name\": \"n{number}\", \"type\": \"bridge\"}}");
            write(root, &format!("etc/cni/net.d/{number}.conf"), &text);
        }
    }),
    ("software.containers", 2_100, |root, count| {
        let one = |number| {
            format!(
                "{{\"id\": \"{number:064x}\", \"names\": [\"n{number}\"], \"metadata\": \"{{}}\"}}"
            )
        };
        let all: Vec<String> = (0..count).map(one).collect();
        let path = "var/lib/containers/storage/overlay-containers/containers.json";
        write(root, path, &format!("[{}]", all.join(",")));
    }),
    ("access.resource_permissions", 1_100, |root, count| {
        use std::os::unix::fs::PermissionsExt as _;
        for number in 0..count {
            write(root, &format!("etc/open/{number}"), "");
            let file = root.join(format!("etc/open/{number}"));
            fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
        }
    }),
    ("crypto.certificates_and_keys", 2_100, |root, count| {
        for number in 0..count {
            write(root, &format!("srv/certificates/{number}.pem"), "");
        }
    }),
    ("identity.secrets_and_keys", 600, |root, count| {
        for number in 0..count {
            write(root, &format!("root/.ssh/{number}"), "-----BEGIN RSA PRIVATE KEY-----\n");
        }
    }),
    ("logging.sources", 1_100, |root, count| {
        write(root, "usr/sbin/rsyslogd", "");
        write(root, "etc/rsyslog.conf", "$IncludeConfig /etc/rsyslog.d/*.conf\n");
        for number in 1..count {
            write(root, &format!("etc/rsyslog.d/{number}.conf"), "");
        }
    }),
    ("network.web_filtering", 300, |root, count| {
        write(root, "etc/squidguard/squidGuard.conf", "");
        for number in 0..count {
            write(root, &format!("var/lib/squidguard/db/{number}/domains"), "");
        }
    }),
];

#[test]
fn what_is_cut_is_counted() {
    for (kind, count, plant) in FLOODS {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        write(root.path(), "etc/group", "root:x:0:\n");
        plant(root.path(), *count);
        let asked = Asked { settings: settings(), ..Asked::new() };
        let told = &asked.tell(LINUX, root.path(), &[kind])[*kind];
        let body = told.body.as_ref().unwrap().to_string();
        let limit = told.outcomes.iter().find(|line| line.starts_with("limit_exceeded"));
        assert!(told.truncated && limit.is_some(), "{kind} is cut in silence: {:?}", told.outcomes);
        // The whole number, or more than a number that it is over.
        let counted = limit
            .is_some_and(|line| line.contains(&count.to_string()) || line.contains("more than"));
        assert!(counted || body.contains(&count.to_string()), "{kind}: {limit:?}");
        assert!(told.expected.is_none_or(|expected| expected > told.rows), "{kind}: {told:?}");
    }
}
