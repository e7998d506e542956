//! What apt's lists offer, beside what apt itself would install: on this machine, and for every order in which four lists can offer a package.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::made::{Told, ask, done};

/// Name, candidate.
pub(crate) type Update = (String, String);

/// What a simulated upgrade installs over something older, and what it keeps back for its dependencies.
pub(crate) fn simulated(command: &mut Command) -> (Vec<Update>, Vec<String>) {
    let said = done(command.args(["-s", "-o", "Debug::NoLocking=true", "dist-upgrade"]));
    let mut updates: Vec<Update> = said
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "))
        .filter_map(|line| {
            let (name, rest) = line.split_once(" [")?;
            let (installed, rest) = rest.split_once("] (")?;
            let candidate = rest.split(' ').next()?;
            // The same version built anew elsewhere is no update.
            (installed != candidate).then(|| (plain(name), candidate.to_owned()))
        })
        .collect();
    updates.sort();
    let kept = said.split_once("have been kept back:\n").map_or("", |(_, rest)| rest);
    let kept = kept.lines().take_while(|line| line.starts_with(' '));
    (updates, kept.flat_map(str::split_whitespace).map(plain).collect())
}

fn plain(name: &str) -> String {
    name.split(':').next().unwrap_or_default().to_owned()
}

pub(crate) fn pending(told: &Told) -> Vec<Update> {
    let list = told.body("patch.status")["pending"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut list: Vec<Update> =
        list.iter().map(|one| (text(&one["name"]), text(&one["candidate"]))).collect();
    list.sort();
    list
}

#[test]
fn on_this_machine_the_lists_tell_what_a_simulated_upgrade_tells() {
    let told = ask(Path::new("/"), &["patch.status"], &json!({}));
    if told.outcomes("patch.status").iter().any(|one| one.contains("no list")) {
        // Nobody fetched lists here: nothing waits that apt knew of.
        assert_eq!(simulated(&mut Command::new("apt-get")).0, []);
        return;
    }
    let (expected, kept) = simulated(&mut Command::new("apt-get"));
    let (kept_back, updates): (Vec<Update>, Vec<Update>) =
        pending(&told).into_iter().partition(|(name, _)| kept.contains(name));
    assert_eq!(updates, expected);
    assert!(kept_back.len() <= kept.len(), "{kept_back:?} {kept:?}");
}

/// Suite, how its release file calls it beside that, and whether its lists count as security.
const SUITES: [(&str, &str); 4] = [
    ("stable", ""),
    ("stable-security", ""),
    ("stable-backports", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"),
    ("experimental", "NotAutomatic: yes\n"),
];

pub(crate) fn paragraph(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nArchitecture: amd64\nVersion: {version}\nMaintainer: x\nDescription: x\n"
    )
}

/// Version 2 of every package is installed; each suite offers none, or one of the versions 1 to 4.
fn orders(root: &Path, held: usize) {
    let offered = |order: usize, suite: u32| order / 5_usize.pow(suite) % 5;
    for folder in ["etc/apt", "var/lib/dpkg", "var/lib/apt/lists/partial", "var/cache/apt/archives"]
    {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mut lists = vec![String::new(); SUITES.len()];
    let mut status = String::new();
    for order in 0..5_usize.pow(4) {
        let name = format!("p{order}");
        for (suite, list) in (0..).zip(&mut lists) {
            let version = offered(order, suite);
            if version > 0 {
                list.push_str(&paragraph(&name, &version.to_string()));
                list.push_str(&format!("Filename: {name}_{version}.deb\nSize: 1\n\n"));
            }
        }
        let wanted = if order % held == 1 { "hold" } else { "install" };
        status.push_str(&paragraph(&name, "2"));
        status.push_str(&format!("Status: {wanted} ok installed\n\n"));
    }
    fs::write(root.join("var/lib/dpkg/status"), status).unwrap();
    let mut sources = String::new();
    let place = root.join("var/lib/apt/lists");
    for ((suite, more), list) in SUITES.iter().zip(&lists) {
        sources.push_str(&format!("deb [trusted=yes] http://m.example/debian {suite} main\n"));
        let name = format!("m.example_debian_dists_{suite}");
        let release =
            format!("Origin: D\nLabel: Debian\nSuite: {suite}\nVersion: 13\nCodename: x\n{more}");
        fs::write(place.join(format!("{name}_Release")), release).unwrap();
        fs::write(place.join(format!("{name}_main_binary-amd64_Packages")), list).unwrap();
    }
    // The list of a source that was taken away.
    let gone: String =
        (0..5_usize.pow(4)).map(|order| paragraph(&format!("p{order}"), "9") + "\n").collect();
    fs::write(place.join("gone.example_x_dists_stable_main_binary-amd64_Packages"), gone).unwrap();
    fs::write(root.join("etc/apt/sources.list"), sources).unwrap();
    let conf = format!("Dir \"{}\";\nAPT::Architecture \"amd64\";\n", root.display());
    let status = root.join("var/lib/dpkg/status");
    fs::write(root.join("conf"), conf + &format!("Dir::State::status \"{}\";\n", status.display()))
        .unwrap();
}

fn plain_number(value: &Value) -> usize {
    value.as_str().unwrap().trim_start_matches('p').parse().unwrap()
}

pub(crate) fn apt_of(root: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.env("APT_CONFIG", root.join("conf"));
    command
}

#[test]
fn whatever_lists_offer_the_choice_is_that_of_apt() {
    let root = tempfile::tempdir().unwrap();
    orders(root.path(), 17);
    // Preferences about packages for which nothing newer is there choose nothing.
    let pins = "Package: p0 p1\nPin: release a=experimental\nPin-Priority: 900\n";
    fs::write(root.path().join("etc/apt/preferences"), pins).unwrap();
    let told = ask(root.path(), &["patch.status"], &json!({}));
    assert_eq!(told.outcomes("patch.status"), [""; 0]);
    let (expected, _) = simulated(&mut apt_of(root.path()));
    assert!(expected.len() > 250 && expected.len() < 500, "{}", expected.len());
    assert_eq!(pending(&told), expected);
    for one in told.body("patch.status")["pending"].as_array().unwrap() {
        let order: usize = plain_number(&one["name"]);
        let candidate: usize = plain_number(&one["candidate"]);
        let secure = order / 5 % 5;
        assert_eq!(one["security"], secure > 2 && secure <= candidate, "{one}");
    }
}

#[test]
fn what_may_make_apt_choose_otherwise_is_told() {
    for (file, text, said) in [
        (
            "preferences",
            "Package: p503\nPin: release a=experimental\nPin-Priority: 900\n",
            "names p503",
        ),
        ("preferences", "Package: *\nPin: release a=stable\nPin-Priority: -1\n", "names p3"),
        ("preferences", "Package: p0\nPin: version 1\nPin-Priority: 1001\n", "older versions"),
        ("apt.conf", "APT::Default-Release \"experimental\";", "apt::default-release is set"),
    ] {
        let root = tempfile::tempdir().unwrap();
        orders(root.path(), 17);
        fs::write(root.path().join("etc/apt").join(file), text).unwrap();
        let told = ask(root.path(), &["patch.status"], &json!({}));
        let outcomes = told.outcomes("patch.status");
        assert!(
            outcomes.len() == 1
                && outcomes[0].starts_with("not_applicable: dpkg itself may choose otherwise")
                && outcomes[0].contains(said),
            "{text}: {outcomes:?}"
        );
        // apt does choose otherwise, or may.
        let (expected, _) = simulated(&mut apt_of(root.path()));
        assert!(pending(&told) != expected || said == "older versions", "{text}");
    }
}
