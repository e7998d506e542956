//! What confines or forbids programs: AppArmor, SELinux, fapolicyd, IMA. It changes no mode.

use exhibit_plugin::kinds::software_install_control::{Enforcement, EnforcementMode};

use crate::{look::Look, os_release, services};

pub(super) fn find(look: &mut Look<'_>) -> Vec<Enforcement> {
    [app_armor(look), se_linux(look), fapolicyd(look), ima(look)].into_iter().flatten().collect()
}

fn app_armor(look: &mut Look<'_>) -> Option<Enforcement> {
    let enabled = look.text("/sys/module/apparmor/parameters/enabled").here()?;
    let profiles = look.text("/sys/kernel/security/apparmor/profiles").here();
    let count = |word: &str| {
        let profiles = profiles.as_ref()?;
        u64::try_from(profiles.lines().filter(|line| line.ends_with(word)).count()).ok()
    };
    let (enforcing, permissive) = (count("(enforce)"), count("(complain)"));
    let mode = match (enabled.trim(), enforcing) {
        ("Y", Some(0)) => EnforcementMode::Permissive,
        ("Y", Some(_)) => EnforcementMode::Enforcing,
        ("Y", None) => EnforcementMode::Unknown,
        (_, _) => EnforcementMode::Off,
    };
    Some(Enforcement { name: "apparmor".to_owned(), mode, configured: None, enforcing, permissive })
}

fn se_linux(look: &mut Look<'_>) -> Option<Enforcement> {
    let in_force = look.text("/sys/fs/selinux/enforce").here();
    let file = look.text("/etc/selinux/config").here();
    let configured = file.and_then(|text| {
        let mut values = os_release::assignments(&text).into_iter();
        values.find(|(name, _)| name == "SELINUX").map(|(_, value)| value.to_ascii_lowercase())
    });
    if in_force.is_none() && configured.is_none() {
        return None;
    }
    let mode = match in_force.as_deref().map(str::trim) {
        Some("1") => EnforcementMode::Enforcing,
        Some("0") => EnforcementMode::Permissive,
        Some(_) => EnforcementMode::Unknown,
        None if look.host.is_live() => EnforcementMode::Off,
        None => EnforcementMode::Unknown,
    };
    Some(Enforcement {
        name: "selinux".to_owned(),
        mode,
        configured,
        enforcing: None,
        permissive: None,
    })
}

fn fapolicyd(look: &mut Look<'_>) -> Option<Enforcement> {
    let file = look.text("/etc/fapolicyd/fapolicyd.conf").here();
    let service = services::find(look, "fapolicyd.service", "fapolicyd");
    if file.is_none() && service.is_none() {
        return None;
    }
    let permissive = file.as_ref().map(|text| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.any(|(name, value)| name.trim() == "permissive" && value.trim() == "1")
    });
    let mode = match (service.and_then(|service| service.active), permissive) {
        (Some(false), _) => EnforcementMode::Off,
        (Some(true), Some(true)) => EnforcementMode::Permissive,
        (Some(true), Some(false)) => EnforcementMode::Enforcing,
        (Some(true), None) | (None, _) => EnforcementMode::Unknown,
    };
    Some(Enforcement {
        name: "fapolicyd".to_owned(),
        mode,
        configured: permissive.map(|yes| if yes { "permissive" } else { "enforcing" }.to_owned()),
        enforcing: None,
        permissive: None,
    })
}

/// IMA appraises files only when boot parameters or a policy ask for it.
fn ima(look: &mut Look<'_>) -> Option<Enforcement> {
    let line = look.text("/proc/cmdline").here()?;
    let appraise = line.split_whitespace().find_map(|word| word.strip_prefix("ima_appraise="))?;
    let mode = match appraise {
        "enforce" => EnforcementMode::Enforcing,
        "log" | "fix" => EnforcementMode::Permissive,
        "off" => EnforcementMode::Off,
        _ => EnforcementMode::Unknown,
    };
    Some(Enforcement {
        name: "ima".to_owned(),
        mode,
        configured: None,
        enforcing: None,
        permissive: None,
    })
}
