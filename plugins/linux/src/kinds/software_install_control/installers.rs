//! Who may install beside root: rules of sudo for package tools, and rules of polkit that name their actions.

use exhibit_plugin::kinds::{
    identity_privileged_grants::PrincipalType, software_install_control::Installer,
};

use crate::{
    accounts::Tables,
    kinds::identity_privileged_grants,
    look::{Found, Look},
};

/// Programs that bring software onto a host.
const TOOLS: [&str; 24] = [
    "apk",
    "apt",
    "apt-add-repository",
    "apt-get",
    "apt-key",
    "aptitude",
    "cpan",
    "dnf",
    "dnf5",
    "dpkg",
    "flatpak",
    "gem",
    "microdnf",
    "npm",
    "pacman",
    "pip",
    "pip3",
    "rpm",
    "rpm-ostree",
    "snap",
    "synaptic",
    "tdnf",
    "yum",
    "zypper",
];
/// Prefixes of polkit's actions that bring software onto a host.
const ACTIONS: [&str; 6] = [
    "org.freedesktop.packagekit.",
    "org.debian.apt.",
    "org.freedesktop.Flatpak.",
    "io.snapcraft.snapd.",
    "org.projectatomic.rpmostree1.",
    "org.freedesktop.fwupd.",
];
const RULES: [&str; 3] =
    ["/etc/polkit-1/rules.d", "/run/polkit-1/rules.d", "/usr/share/polkit-1/rules.d"];
const AUTHORITIES: &str = "/var/lib/polkit-1/localauthority";

/// None: a file that decides could not be read.
pub(super) fn find(look: &mut Look<'_>) -> Option<Vec<Installer>> {
    let tables = Tables::read(look);
    let denied = |look: &Look<'_>| look.seen.outcomes().count();
    let before = denied(look);
    let mut found = Vec::new();
    for grant in identity_privileged_grants::of_sudo(look, &tables).unwrap_or_default() {
        let tools: Vec<String> =
            grant.commands.iter().filter(|command| installs(command)).cloned().collect();
        if tools.is_empty() || grant.principal.name == "root" {
            continue;
        }
        found.push(Installer {
            principal: Some(match grant.principal.kind {
                PrincipalType::Group => format!("%{}", grant.principal.name),
                PrincipalType::Account
                | PrincipalType::Role
                | PrincipalType::External
                | PrincipalType::Everyone => grant.principal.name,
            }),
            tools,
            via: "sudo".to_owned(),
            authentication_required: grant.authentication_required,
            source: grant.source,
        });
    }
    polkit(look, &mut found);
    (denied(look) == before).then_some(found)
}

/// Whether a command of sudo is a package tool or everything. Arguments of package tools name packages and options.
fn installs(command: &str) -> bool {
    let program = command.split_whitespace().next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    command == "ALL" || TOOLS.contains(&name)
}

fn polkit(look: &mut Look<'_>, found: &mut Vec<Installer>) {
    let mut files = Vec::new();
    for folder in RULES {
        let names = look.names(folder).here().unwrap_or_default();
        files.extend(
            names.into_iter().filter(|n| n.ends_with(".rules")).map(|n| format!("{folder}/{n}")),
        );
    }
    for folder in look.names(AUTHORITIES).here().unwrap_or_default() {
        let folder = format!("{AUTHORITIES}/{folder}");
        let Found::Here(names) = look.names(&folder) else { continue };
        files.extend(
            names.into_iter().filter(|n| n.ends_with(".pkla")).map(|n| format!("{folder}/{n}")),
        );
    }
    for path in files {
        let Some(text) = look.text(&path).here() else { continue };
        let tools = actions(&text);
        if tools.is_empty() {
            continue;
        }
        found.push(Installer {
            // A rule is a program in JavaScript; an old .pkla names its identities.
            principal: text
                .lines()
                .find_map(|line| line.trim().strip_prefix("Identity="))
                .map(Into::into),
            tools,
            via: "polkit".to_owned(),
            authentication_required: None,
            source: path,
        });
    }
}

/// Names of actions that install, as they stand in the text.
fn actions(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
    let mut found: Vec<String> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(['#', '/']))
        .flat_map(|line| line.split(|c| !inside(c)))
        .filter(|word| ACTIONS.iter().any(|prefix| word.starts_with(prefix)))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}
