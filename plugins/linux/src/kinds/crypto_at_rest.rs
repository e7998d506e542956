//! `crypto.at_rest`: for each file system and swap area that outlives a restart, the layer that encrypts it.
//!
//! It never reads a disk or a key. What lies below a virtual machine's disks it cannot see, and says so.

pub(crate) mod guest;
mod layers;
mod tables;

use std::path::PathBuf;

use exhibit_plugin::kinds::crypto_at_rest::{CryptoAtRest, KIND, Volume};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

use self::layers::Answer;
use crate::look::{Found, Look};
use crate::mounts::{self, Mount};
use crate::tool::{Tool, ToolError};

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/proc/self/mountinfo",
        "/proc/swaps",
        "/proc/cpuinfo",
        "/sys/dev/block/*/{dm/uuid,dm/name,slaves,removable}",
        "/sys/class/block/*/dev",
        "cryptsetup status NAME (for the cipher, only with dm-crypt)",
        "zfs get encryption DATASET (only with ZFS)",
    ],
    needs: &["root for the cipher of a dm-crypt device"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(mounts) = mounts::keeping_data(&mut look) else { return look.done() };
    let guest = guest::is_guest(&mut look);
    let mut unseen = Vec::new();
    let mut volumes = Vec::new();
    for mount in mounts {
        let volume = volume(&mut look, &mount, guest);
        if guest && volume.encrypted.is_none() && volume.method.is_none() {
            unseen.extend(volume.device.clone());
        }
        volumes.push(volume);
    }
    let swap = swap(&mut look, guest);
    if !unseen.is_empty() {
        unseen.sort();
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "whether {} is encrypted below this virtual machine cannot be seen from inside it; no layer inside encrypts it",
                unseen.join(", ")
            ),
            "take the evidence from the cloud account or hypervisor, or encrypt inside the guest with LUKS",
        );
    }
    let rows = volumes.len() + swap.len();
    look.seen.document(CryptoAtRest { volumes, swap }, rows);
    look.done()
}

/// Whether every volume that stays in the host is encrypted, those to start from left out. None: not determinable.
pub(crate) fn whole(look: &mut Look<'_>) -> Option<bool> {
    let mounts = mounts::keeping_data(look)?;
    let guest = guest::is_guest(look);
    let mut whole = (!mounts.is_empty()).then_some(true);
    for mount in mounts {
        let starting = ["/boot", "/efi"].iter().any(|place| mount.point.starts_with(place));
        let volume = volume(look, &mount, guest);
        if starting || volume.removable == Some(true) {
            continue;
        }
        match volume.encrypted {
            Some(true) => {}
            Some(false) => return Some(false),
            None => whole = None,
        }
    }
    whole
}

fn volume(look: &mut Look<'_>, mount: &Mount, guest: bool) -> Volume {
    let mut volume = Volume {
        id: mount.point.clone(),
        kind: "filesystem".to_owned(),
        device: mount.source.starts_with("/dev/").then(|| mount.source.clone()),
        filesystem: Some(mount.fs_type.clone()),
        encrypted: None,
        method: None,
        detail: None,
        removable: mount.is_network().then_some(true),
    };
    match mount.fs_type.as_str() {
        "zfs" => zfs(look, &mount.source, &mut volume),
        "ecryptfs" | "fuse.gocryptfs" | "fuse.encfs" | "fuse.cryfs" => {
            volume.encrypted = Some(true);
            volume.method = Some(mount.fs_type.trim_start_matches("fuse.").to_owned());
        }
        _ => {
            if let Some(number) = number_of(look, mount) {
                below(look, number, guest, &mut volume);
            }
        }
    }
    volume
}

/// Fills in what sysfs says of the device with this number.
fn below(look: &mut Look<'_>, (major, minor): (u32, u32), guest: bool, volume: &mut Volume) {
    let sys = look.host.root().join("sys");
    let device = format!("/sys/dev/block/{major}:{minor}");
    if !look.host.allows(&device) {
        return;
    }
    look.seen.method(device);
    volume.removable = layers::removable(&sys, major, minor);
    match layers::of_device(&sys, major, minor) {
        Answer::Encrypted(found) => {
            volume.encrypted = Some(true);
            let mut methods: Vec<&str> = found.iter().map(|layer| method(&layer.format)).collect();
            methods.dedup();
            volume.method = Some(methods.join(","));
            let mut ciphers: Vec<String> =
                found.iter().filter_map(|layer| cipher(look, &layer.name)).collect();
            ciphers.sort();
            ciphers.dedup();
            volume.detail = Some(ciphers.join(",")).filter(|text| !text.is_empty());
        }
        // A guest's disk may be encrypted below it; a machine of its own has nothing below but the disk's firmware.
        Answer::Clear => volume.encrypted = (!guest).then_some(false),
        Answer::Unknown => {}
    }
}

fn method(format: &str) -> &str {
    if format == "plain" { "dm-crypt-plain" } else { format }
}

/// File systems with devices of their own making (btrfs) show no disk's number: the source leads to it.
fn number_of(look: &mut Look<'_>, mount: &Mount) -> Option<(u32, u32)> {
    if mount.major != 0 {
        return Some((mount.major, mount.minor));
    }
    let name = mount.source.strip_prefix("/dev/")?;
    // /dev/mapper/NAME and /dev/VG/LV are links to /dev/dm-N.
    let target = look.host.link(&mount.source);
    let name = target.as_deref().unwrap_or(name).rsplit('/').next()?.to_owned();
    number_of_name(look, &name)
}

fn number_of_name(look: &mut Look<'_>, name: &str) -> Option<(u32, u32)> {
    let text = look.text(&format!("/sys/class/block/{name}/dev")).here()?;
    let (major, minor) = text.trim().split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The cipher as dm-crypt uses it now. `cryptsetup status` asks the kernel and shows no key.
fn cipher(look: &mut Look<'_>, name: &str) -> Option<String> {
    if !look.host.is_live() {
        return None;
    }
    match look.try_run(&Tool::new("cryptsetup", &["status", "--", name])) {
        Ok(output) if output.is_success() => tables::cipher(&output.stdout),
        Ok(output) => {
            look.seen.outcome(
                OutcomeKind::Denied,
                format!(
                    "the cipher of {name} is not visible: cryptsetup status {}",
                    output.fault()
                ),
                "run the plugin as root; that the device is encrypted was seen without it",
            );
            None
        }
        Err(error) => {
            let remedy = match &error {
                ToolError::Missing(_) => "install the package cryptsetup-bin".to_owned(),
                ToolError::Denied(_)
                | ToolError::Vetoed { .. }
                | ToolError::TimedOut { .. }
                | ToolError::TooMuch { .. }
                | ToolError::Io { .. } => error.remedy(),
            };
            let detail = format!("the cipher of {name} is not visible: {error}");
            look.seen.outcome(error.outcome(), detail, remedy);
            None
        }
    }
}

fn zfs(look: &mut Look<'_>, dataset: &str, volume: &mut Volume) {
    if !look.host.is_live() {
        return;
    }
    let arguments = ["get", "-H", "-o", "name,value", "encryption", dataset];
    match look.try_run(&Tool::new("zfs", &arguments)) {
        Ok(output) if output.is_success() => {
            let found = tables::zfs_encryption(&output.stdout)
                .into_iter()
                .find(|(name, _)| name == dataset);
            if let Some((_, cipher)) = found {
                volume.encrypted = Some(cipher.is_some());
                volume.method = cipher.is_some().then(|| "zfs".to_owned());
                volume.detail = cipher;
            }
        }
        Ok(output) => {
            look.seen.outcome(
                OutcomeKind::Failed,
                format!(
                    "encryption of the ZFS dataset {dataset} is not known: zfs get {}",
                    output.fault()
                ),
                "let the plugin's user open /dev/zfs, or look at the pool by hand",
            );
        }
        Err(error) => {
            let detail = format!("encryption of the ZFS dataset {dataset} is not known: {error}");
            look.seen.outcome(error.outcome(), detail, "install the package zfsutils-linux");
        }
    }
}

fn swap(look: &mut Look<'_>, guest: bool) -> Vec<Volume> {
    let text = match look.text("/proc/swaps") {
        Found::Here(text) => text,
        // A kernel without swap has no such file; an unreadable one left its outcome.
        Found::Missing | Found::Unreadable => return Vec::new(),
    };
    let mut areas = Vec::new();
    for (path, is_device) in tables::swaps(&text) {
        let shown = path.to_string_lossy().into_owned();
        let name =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Compressed memory stays in memory, unless a disk stands behind it.
        if name.starts_with("zram") && !zram_reaches_a_disk(look, &name) {
            continue;
        }
        let mut area = Volume {
            id: shown.clone(),
            kind: "swap".to_owned(),
            device: is_device.then_some(shown),
            filesystem: None,
            encrypted: None,
            method: None,
            detail: None,
            removable: None,
        };
        let number =
            if is_device { number_of_name(look, &name) } else { number_of_file(look, &path) };
        if let Some(number) = number {
            below(look, number, guest, &mut area);
        }
        areas.push(area);
    }
    areas
}

fn zram_reaches_a_disk(look: &mut Look<'_>, name: &str) -> bool {
    let backing = look.text(&format!("/sys/block/{name}/backing_dev")).here();
    backing.is_some_and(|text| text.trim() != "none")
}

fn number_of_file(look: &Look<'_>, path: &PathBuf) -> Option<(u32, u32)> {
    if !look.host.is_live() || !look.host.allows(&path.to_string_lossy()) {
        return None;
    }
    let stat = rustix::fs::stat(path).ok()?;
    Some((rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;
    use serde_json::{Value, json};

    const LUKS: &str = "CRYPT-LUKS2-0123456789abcdef-cryptroot\n";

    fn body(files: &[(&str, &str)]) -> (Value, Vec<String>) {
        let root = testing::planted(files);
        let seen = observe(&testing::job(root.path()));
        (testing::body(KIND, &seen), testing::outcomes(&seen))
    }

    const DM: [(&str, &str); 3] = [
        ("/sys/dev/block/254:0/dm/uuid", LUKS),
        ("/sys/dev/block/254:0/dm/name", "cryptroot\n"),
        ("/sys/class/block/dm-0/dev", "254:0\n"),
    ];

    #[test]
    fn luks_root_and_swap_are_encrypted_and_boot_on_a_machine_of_its_own_is_clear() {
        let mut files = vec![
            (
                "/proc/self/mountinfo",
                "1 0 254:0 / / rw - ext4 /dev/mapper/cryptroot rw\n2 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n3 1 0:5 / /run rw - tmpfs tmpfs rw\n",
            ),
            ("/proc/swaps", "Filename Type Size Used Priority\n/dev/dm-0 partition 9 0 -2\n"),
            ("/sys/dev/block/8:1/removable", "0\n"),
        ];
        files.extend(DM);
        let (body, outcomes) = body(&files);
        assert_eq!(body["volumes"][0]["encrypted"], true);
        assert_eq!(body["volumes"][0]["method"], "luks2");
        assert_eq!(body["volumes"][1]["id"], "/boot");
        assert_eq!(body["volumes"][1]["encrypted"], false);
        assert_eq!(body["volumes"][1]["removable"], false);
        assert_eq!(body["swap"][0]["encrypted"], true);
        assert_eq!(outcomes, Vec::<String>::new());
    }

    #[test]
    fn a_guest_never_calls_its_disk_clear() {
        let (body, outcomes) = body(&[
            ("/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            ("/proc/cpuinfo", "flags : fpu hypervisor sse\n"),
            ("/sys/dev/block/8:1/dev", "8:1\n"),
        ]);
        assert_eq!(body["volumes"][0]["encrypted"], Value::Null);
        assert!(outcomes[0].starts_with("not_applicable: whether /dev/sda1 is encrypted below"));
    }

    #[test]
    fn btrfs_is_followed_by_its_source() {
        let mut files = vec![("/proc/self/mountinfo", "1 0 0:30 /@ / rw - btrfs /dev/dm-0 rw\n")];
        files.extend(DM);
        assert_eq!(body(&files).0["volumes"][0]["method"], "luks2");
    }

    #[test]
    fn a_network_file_system_and_a_missing_device_are_not_determinable() {
        let (body, _) = body(&[(
            "/proc/self/mountinfo",
            "1 0 0:30 / /srv rw - nfs4 nas:/srv rw\n2 0 9:9 / / rw - ext4 /dev/md9 rw\n",
        )]);
        assert_eq!(body["volumes"][0]["encrypted"], Value::Null);
        assert_eq!(
            body["volumes"][1],
            json!({"id": "/srv", "type": "filesystem", "device": null,
            "filesystem": "nfs4", "encrypted": null, "method": null, "detail": null, "removable": true})
        );
    }

    #[test]
    fn compressed_memory_is_no_swap_area() {
        let (body, _) = body(&[
            ("/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            ("/proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 9 0 -2\n"),
            ("/sys/block/zram0/backing_dev", "none\n"),
        ]);
        assert_eq!(body["swap"], json!([]));
    }

    #[test]
    fn without_a_mount_table_there_is_an_outcome_and_no_document() {
        let root = testing::planted(&[]);
        let seen = observe(&testing::job(root.path()));
        assert!(seen.body().is_none());
        assert!(testing::outcomes(&seen)[0].starts_with("not_applicable"));
    }
}
