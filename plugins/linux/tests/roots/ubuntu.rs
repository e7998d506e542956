//! Ubuntu 24.04 as its own files describe it: releases of four pockets and of ESM, sources in the new form, updates given to a
//! share of hosts first. Its archive is not at hand here, so packages and lists are made, and Debian's apt and dpkg, which
//! are Ubuntu's too, are asked about the same root.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    apt::{apt_of, paragraph, pending, simulated},
    made::{ask, done, rows, table},
};

/// Suite, label, whose release file says more, host and folder of its lists.
const POCKETS: [(&str, &str, &str, &str); 5] = [
    ("noble", "Ubuntu", "", "archive.ubuntu.com_ubuntu"),
    ("noble-updates", "Ubuntu", "", "archive.ubuntu.com_ubuntu"),
    (
        "noble-backports",
        "Ubuntu",
        "NotAutomatic: yes\nButAutomaticUpgrades: yes\n",
        "archive.ubuntu.com_ubuntu",
    ),
    ("noble-security", "Ubuntu", "", "security.ubuntu.com_ubuntu"),
    ("noble-apps-security", "UbuntuESMApps", "", "esm.ubuntu.com_apps_ubuntu"),
];
const RELEASE: &str = "PRETTY_NAME=\"Ubuntu 24.04.3 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nVERSION=\"24.04.3 LTS (Noble Numbat)\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\nLOGO=ubuntu-logo\n";
const SOURCES: &str = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates noble-backports\nComponents: main\nTrusted: yes\n\nTypes: deb\nURIs: http://security.ubuntu.com/ubuntu/\nSuites: noble-security\nComponents: main\nTrusted: yes\n";
const ESM: &str = "Types: deb\nURIs: https://esm.ubuntu.com/apps/ubuntu\nSuites: noble-apps-security\nComponents: main\nTrusted: yes\n";

/// Name, installed version, the pockets that offer another one with more fields of it, whether it is an update for security.
type Package = (&'static str, &'static str, &'static [(usize, &'static str, &'static str)], bool);
const PACKAGES: [Package; 7] = [
    ("base-files", "13ubuntu10", &[(0, "13ubuntu10", "")], false),
    (
        "curl",
        "8.5.0-2ubuntu10",
        &[(1, "8.5.0-2ubuntu10.6", ""), (3, "8.5.0-2ubuntu10.6", "")],
        true,
    ),
    ("tzdata", "2024a-2ubuntu1", &[(1, "2025b-0ubuntu0.24.04.1", "")], false),
    ("snapd", "2.62", &[(1, "2.67.1+24.04", "Phased-Update-Percentage: 100\n")], false),
    ("imagemagick", "8:6.9.12-5build2", &[(4, "8:6.9.12-5ubuntu0.1~esm1", "")], true),
    ("rustup", "1.26.0-5", &[(2, "1.27.1-3~bpo24.04.1", "")], false),
    // What is installed from the newer pocket is not offered the older one.
    (
        "openssl",
        "3.0.13-0ubuntu3.5",
        &[(0, "3.0.13-0ubuntu3", ""), (3, "3.0.13-0ubuntu3.5", "")],
        false,
    ),
];

fn made(root: &Path) {
    for folder in [
        "etc/apt/sources.list.d",
        "etc/apt/preferences.d",
        "var/lib/dpkg",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives",
    ] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("etc/os-release"), RELEASE).unwrap();
    fs::write(root.join("etc/apt/sources.list.d/ubuntu.sources"), SOURCES).unwrap();
    fs::write(root.join("etc/apt/sources.list.d/ubuntu-esm-apps.sources"), ESM).unwrap();
    let note = "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n";
    fs::write(root.join("etc/apt/sources.list"), note).unwrap();
    let mut status = String::new();
    for (name, version, _, _) in PACKAGES {
        status.push_str(&paragraph(name, version));
        status.push_str("Status: install ok installed\n\n");
    }
    fs::write(root.join("var/lib/dpkg/status"), status).unwrap();
    for (pocket, (suite, label, more, place)) in POCKETS.iter().enumerate() {
        let mut list = String::new();
        for (name, _, offers, _) in PACKAGES {
            for (_, version, fields) in offers.iter().filter(|(of, _, _)| *of == pocket) {
                let paragraph = paragraph(name, version) + fields;
                list.push_str(&format!("{paragraph}Filename: {name}.deb\nSize: 1\n\n"));
            }
        }
        let prefix = root.join("var/lib/apt/lists").join(format!("{place}_dists_{suite}"));
        let release = format!(
            "Origin: {label}\nLabel: {label}\nSuite: {suite}\nVersion: 24.04\nCodename: noble\n{more}Components: main\n"
        );
        fs::write(format!("{}_Release", prefix.display()), release).unwrap();
        fs::write(format!("{}_main_binary-amd64_Packages", prefix.display()), list).unwrap();
    }
    let status = root.join("var/lib/dpkg/status");
    let conf = format!(
        "Dir \"{}\";\nAPT::Architecture \"amd64\";\nDir::State::status \"{}\";\n",
        root.display(),
        status.display()
    );
    fs::write(root.join("conf"), conf).unwrap();
}

#[test]
fn ubuntu_tells_what_its_apt_and_dpkg_tell() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let told = ask(root.path(), &["software.inventory", "patch.status"], &json!({}));
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    assert_eq!(told.outcomes("patch.status"), [""; 0]);

    let format = "${Package}\t${Architecture}\t${Version}\n";
    let mut query = Command::new("dpkg-query");
    query.arg("--admindir").arg(root.path().join("var/lib/dpkg")).args(["-W", "-f", format]);
    assert_eq!(rows(&told, &["name", "architecture", "version"]), table(&done(&mut query)));

    let (expected, kept) = simulated(&mut apt_of(root.path()));
    assert_eq!((expected.len(), kept.len()), (5, 0), "{expected:?}");
    assert_eq!(pending(&told), expected);
    let patch = told.body("patch.status");
    for one in patch["pending"].as_array().unwrap() {
        let package = PACKAGES.iter().find(|package| one["name"] == package.0).unwrap();
        assert_eq!(one["security"], package.3, "{one}");
    }
    assert_eq!(patch["counts"]["security"], 2);
    let os = &patch["os"];
    assert_eq!(
        (&os["id"], &os["version"], &os["codename"]),
        (&json!("ubuntu"), &json!("24.04"), &json!("noble"))
    );
    assert!(os["end_of_life"].as_str().unwrap().starts_with("2029-"), "{os}");
    let esm = patch["pending"].as_array().unwrap().iter().find(|one| one["name"] == "imagemagick");
    assert!(
        esm.unwrap().to_string().contains("UbuntuESMApps:24.04/noble-apps-security"),
        "{esm:?}"
    );
}

#[test]
fn what_ubuntu_keeps_from_some_hosts_is_told() {
    // An update that a tenth of all hosts is given first, and ESM as a host without a subscription has it: offered, never taken.
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let list = "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_noble-updates_main_binary-amd64_Packages";
    let text = fs::read_to_string(root.path().join(list)).unwrap();
    fs::write(root.path().join(list), text.replace("Percentage: 100", "Percentage: 10")).unwrap();
    let told = ask(root.path(), &["patch.status"], &json!({}));
    let outcomes = told.outcomes("patch.status");
    assert!(
        outcomes.len() == 1
            && outcomes[0].contains("an update of snapd is given to some hosts first"),
        "{outcomes:?}"
    );

    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let never = "Package: *\nPin: release o=UbuntuESMApps\nPin-Priority: never\n";
    fs::write(root.path().join("etc/apt/preferences.d/ubuntu-esm-apps"), never).unwrap();
    let told = ask(root.path(), &["patch.status"], &json!({}));
    let (expected, _) = simulated(&mut apt_of(root.path()));
    assert!(!expected.iter().any(|(name, _)| name == "imagemagick"), "{expected:?}");
    let names = |one: &Value| one["name"].as_str().unwrap().to_owned();
    let pending: Vec<String> =
        told.body("patch.status")["pending"].as_array().unwrap().iter().map(names).collect();
    let outcomes = told.outcomes("patch.status");
    assert!(
        !pending.contains(&"imagemagick".to_owned())
            || outcomes.iter().any(|one| one.contains("may choose otherwise")),
        "{pending:?} {outcomes:?}"
    );
}
