//! Modules, security modules, secure boot and boot parameters of the kernel. It loads and changes nothing.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::config_baseline::{Modules, SecurityModule};

use crate::look::{Found, Look};

/// Boot parameters that bear on security; every other one stays out, because a command line may hold secrets.
const PARAMETERS: [&str; 42] = [
    "amd_iommu",
    "apparmor",
    "audit",
    "audit_backlog_limit",
    "debugfs",
    "enforcing",
    "gather_data_sampling",
    "init_on_alloc",
    "init_on_free",
    "intel_iommu",
    "iommu",
    "iommu.strict",
    "ipv6.disable",
    "kpti",
    "l1tf",
    "lockdown",
    "lsm",
    "mce",
    "mds",
    "mitigations",
    "mmio_stale_data",
    "module.sig_enforce",
    "nopti",
    "nosmep",
    "nosmt",
    "nospectre_v1",
    "nospectre_v2",
    "page_alloc.shuffle",
    "pti",
    "randomize_kstack_offset",
    "reg_file_data_sampling",
    "retbleed",
    "security",
    "selinux",
    "slab_nomerge",
    "spec_rstack_overflow",
    "spec_store_bypass_disable",
    "spectre_v2",
    "spectre_v2_user",
    "srbds",
    "tsx_async_abort",
    "vsyscall",
];

/// Loaded and blocked modules; none when the kernel does not tell.
pub(super) fn modules(look: &mut Look<'_>) -> Option<Modules> {
    let blocked = blocked(look);
    let loaded = match look.text("/proc/modules") {
        Found::Here(text) => text
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect(),
        // A kernel without loadable modules has no such file.
        Found::Missing if look.host.exists("/proc/sys/kernel") => Vec::new(),
        Found::Missing | Found::Unreadable => return None,
    };
    let locked =
        look.text("/proc/sys/kernel/modules_disabled").here().map(|text| text.trim() == "1");
    Some(Modules { loaded, blocked, locked })
}

/// Modules that modprobe.d(5) keeps out; names with underscores, as the kernel writes them.
fn blocked(look: &mut Look<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for place in ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"] {
        for name in look.names(place).here().unwrap_or_default() {
            if name.ends_with(".conf") {
                let text = look.text(&format!("{place}/{name}")).here().unwrap_or_default();
                found.extend(text.lines().filter_map(blocked_by));
            }
        }
    }
    found
}

fn blocked_by(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let name = match (words.next()?, words.next()?, words.next()) {
        ("blacklist", name, _) => name,
        (
            "install",
            name,
            Some("/bin/false" | "/bin/true" | "/usr/bin/false" | "/usr/bin/true"),
        ) => name,
        _ => return None,
    };
    Some(name.replace('-', "_"))
}

/// Security modules in force with their mode; none when the kernel does not tell (securityfs is not mounted).
pub(super) fn security_modules(look: &mut Look<'_>) -> Option<Vec<SecurityModule>> {
    let selinux = look.text("/sys/fs/selinux/enforce").here();
    let list = look.text("/sys/kernel/security/lsm").here();
    if list.is_none() && selinux.is_none() {
        return without_securityfs(look);
    }
    let names = list.unwrap_or_else(|| "selinux".to_owned());
    let mut found = Vec::new();
    for name in names.trim().split(',').filter(|name| !name.is_empty()) {
        let mut module =
            SecurityModule { name: name.to_owned(), mode: None, enforced: None, complaining: None };
        match name {
            "apparmor" => apparmor(look, &mut module),
            "selinux" => {
                let mode = selinux.as_ref().map(|text| text.trim() == "1");
                module.mode = mode.map(|on| if on { "enforcing" } else { "permissive" }.to_owned());
            }
            "lockdown" => {
                let text = look.text("/sys/kernel/security/lockdown").here();
                module.mode = text.and_then(|text| bracketed(&text));
            }
            _ => {}
        }
        found.push(module);
    }
    Some(found)
}

/// What the kernel shows elsewhere, where nobody mounted its own list: AppArmor's switch, and whether the file systems of
/// SELinux and Smack are there, which they are only when these are in force. None: it shows neither.
fn without_securityfs(look: &mut Look<'_>) -> Option<Vec<SecurityModule>> {
    if !look.host.exists("/sys/module") {
        return None;
    }
    let filesystems = look.text("/proc/filesystems").here()?;
    let has = |name: &str| filesystems.lines().any(|line| line.trim_end().ends_with(name));
    if has("selinuxfs") || has("smackfs") {
        // In force in some mode that only its own file system tells.
        return None;
    }
    let on = match look.text("/sys/module/apparmor/parameters/enabled") {
        Found::Here(text) => text.trim() == "Y",
        Found::Missing => false,
        Found::Unreadable => return None,
    };
    let module = |name: &str, mode: &str| SecurityModule {
        name: name.to_owned(),
        mode: Some(mode.to_owned()),
        enforced: None,
        complaining: None,
    };
    Some(vec![
        module("apparmor", if on { "enabled" } else { "none" }),
        module("selinux", "none"),
        module("smack", "none"),
    ])
}

/// Counts the profiles of AppArmor, which only root may list.
fn apparmor(look: &mut Look<'_>, module: &mut SecurityModule) {
    let on = look.text("/sys/module/apparmor/parameters/enabled").here();
    module.mode = on.map(|text| if text.trim() == "Y" { "enabled" } else { "disabled" }.to_owned());
    if let Some(text) = look.text("/sys/kernel/security/apparmor/profiles").here() {
        let count = |mode: &str| {
            u32::try_from(text.lines().filter(|line| line.ends_with(&format!("({mode})"))).count())
                .ok()
        };
        module.enforced = count("enforce");
        module.complaining = count("complain");
    }
}

/// `none [integrity] confidentiality` has the mode in brackets.
fn bracketed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    let (mode, _) = rest.split_once(']')?;
    Some(mode.to_owned())
}

/// Whether secure boot is on; none without EFI. Four bytes of attributes come before the value.
pub(crate) fn secure_boot(look: &mut Look<'_>) -> Option<bool> {
    let path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let bytes = look.bytes(path).here()?;
    bytes.get(4).map(|value| *value == 1)
}

/// Boot parameters that matter for security.
pub(super) fn boot_parameters(look: &mut Look<'_>) -> Option<BTreeMap<String, String>> {
    let text = look.text("/proc/cmdline").here()?;
    Some(parameters(&text))
}

fn parameters(text: &str) -> BTreeMap<String, String> {
    text.split_whitespace()
        // What follows belongs to init, not to the kernel.
        .take_while(|word| *word != "--")
        .map(|word| word.split_once('=').unwrap_or((word, "")))
        .filter(|(name, _)| PARAMETERS.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn command_line_gives_only_parameters_of_the_list() {
        let found =
            parameters("root=/dev/sda token=SECRET mitigations=auto,nosmt nosmt -- lockdown=x\n");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("mitigations".into(), "auto,nosmt".into()), ("nosmt".into(), String::new())]
        );
    }

    #[test]
    fn without_its_list_the_kernel_still_shows_what_confines() {
        let modes = |files: &[(&str, &str)]| {
            let root = planted(files);
            let job = job(root.path());
            let found = security_modules(&mut Look::new(&job))?;
            Some(found.into_iter().map(|one| (one.name, one.mode.unwrap())).collect::<Vec<_>>())
        };
        let told = |apparmor: &str| {
            [("apparmor", apparmor), ("selinux", "none"), ("smack", "none")]
                .map(|(name, mode)| (name.to_owned(), mode.to_owned()))
                .to_vec()
        };
        let plain = ("/proc/filesystems", "nodev\tsysfs\n\text4\n");
        let switch = "/sys/module/apparmor/parameters/enabled";
        assert_eq!(modes(&[plain, ("/sys/module/x/y", "")]), Some(told("none")));
        assert_eq!(modes(&[plain, (switch, "Y\n")]), Some(told("enabled")));
        let selinux = ("/proc/filesystems", "nodev\tselinuxfs\n");
        assert_eq!(modes(&[selinux, ("/sys/module/x/y", "")]), None);
        assert_eq!(modes(&[plain]), None);
    }

    #[test]
    fn kernel_is_described_from_its_files() {
        let root = planted(&[
            ("/proc/modules", "ext4 1 0 - Live 0x0\nusb_storage 1 0 - Live 0x0\n"),
            ("/proc/sys/kernel/modules_disabled", "1\n"),
            (
                "/etc/modprobe.d/b.conf",
                "# blacklist no\nblacklist cramfs\ninstall usb-storage /bin/false\ninstall x echo\n",
            ),
            ("/sys/kernel/security/lsm", "lockdown,yama,apparmor\n"),
            ("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
            (
                "/sys/kernel/security/apparmor/profiles",
                "/a (enforce)\n/b (complain)\n/c//d (enforce)\n",
            ),
            ("/sys/module/apparmor/parameters/enabled", "Y\n"),
            (
                "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                "\u{6}\0\0\0\u{1}",
            ),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let modules = modules(&mut look).unwrap();
        assert_eq!(modules.loaded, ["ext4", "usb_storage"]);
        assert_eq!(
            (modules.blocked, modules.locked),
            (vec!["cramfs".into(), "usb_storage".into()], Some(true))
        );
        let security = security_modules(&mut look).unwrap();
        assert_eq!(security[0].mode.as_deref(), Some("integrity"));
        assert_eq!((security[2].enforced, security[2].complaining), (Some(2), Some(1)));
        assert_eq!(secure_boot(&mut look), Some(true));
        let empty = planted(&[]);
        let job = crate::kinds::testing::job(empty.path());
        assert_eq!(security_modules(&mut Look::new(&job)), None);
    }
}
