//! Block devices that leave the machine easily, as sysfs tells them. It opens no device.

use std::collections::BTreeSet;

use exhibit_plugin::kinds::media_removable::Device;

use crate::{
    look::{Found, Look},
    mounts,
};

/// Attached devices; none when sysfs cannot be read.
pub(super) fn attached(look: &mut Look<'_>) -> Option<Vec<Device>> {
    let names = match look.names("/sys/block") {
        Found::Here(names) => names,
        Found::Missing | Found::Unreadable => return None,
    };
    let table = look.text("/proc/self/mountinfo").here().unwrap_or_default();
    let (mounted, _) = mounts::mountinfo(&table);
    let found = names.iter().filter_map(|name| device(look, name, &mounted));
    Some(found.collect())
}

fn device(look: &Look<'_>, name: &str, mounted: &[mounts::Mount]) -> Option<Device> {
    let virtual_ones = ["loop", "ram", "zram", "dm-", "md", "nbd", "zd"];
    if virtual_ones.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let folder = format!("/sys/block/{name}");
    let read = |file: &str| look.host.text(&format!("{folder}/{file}")).ok().flatten();
    let path = look.host.link(&folder).unwrap_or_default();
    // Soldered storage has the driver of cards; the kernel calls only cards SD.
    let card = read("device/type").is_some_and(|text| text.trim() == "SD");
    let transport = transport(name, &path, card);
    let removable = read("removable").is_some_and(|text| text.trim() == "1");
    if !removable && transport == "other" {
        return None;
    }
    let sectors = read("size").and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
    let (numbers, encrypted) = numbers(look, &folder, name);
    let places = mounted.iter().filter(|mount| numbers.contains(&(mount.major, mount.minor)));
    let places: BTreeSet<String> = places.map(|mount| mount.point.clone()).collect();
    let open = !places.is_empty() || encrypted;
    Some(Device {
        id: name.to_owned(),
        transport: transport.to_owned(),
        // The kernel counts in 512 bytes whatever the medium does.
        bytes: sectors.saturating_mul(512),
        mounted: places.into_iter().collect(),
        encrypted: open.then_some(encrypted),
    })
}

fn transport(name: &str, path: &str, card: bool) -> &'static str {
    match name {
        _ if path.contains("/usb") => "usb",
        _ if name.starts_with("sr") => "optical",
        _ if name.starts_with("fd") => "floppy",
        _ if card => "mmc",
        _ => "other",
    }
}

/// Numbers of the device, its parts and what is opened on them; and whether one of those is encrypted.
fn numbers(look: &Look<'_>, folder: &str, name: &str) -> (BTreeSet<(u32, u32)>, bool) {
    let mut found = BTreeSet::new();
    let mut encrypted = false;
    let parts = look.host.names(folder).ok().flatten().unwrap_or_default();
    let parts = parts
        .into_iter()
        .filter(|part| part.starts_with(name))
        .map(|part| format!("{folder}/{part}"));
    let mut open: Vec<String> = parts.chain([folder.to_owned()]).collect();
    let mut steps = 0;
    while let Some(place) = open.pop() {
        steps += 1;
        let text = |file: &str| {
            look.host.text(&format!("{place}/{file}")).ok().flatten().unwrap_or_default()
        };
        if let Some((major, minor)) = text("dev").trim().split_once(':')
            && let (Ok(major), Ok(minor)) = (major.parse(), minor.parse())
        {
            found.insert((major, minor));
        }
        encrypted |= text("dm/uuid").starts_with("CRYPT-");
        let holders =
            look.host.names(&format!("{place}/holders")).ok().flatten().unwrap_or_default();
        if steps < 64 {
            open.extend(holders.into_iter().map(|holder| format!("/sys/block/{holder}")));
        }
    }
    (found, encrypted)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn a_stick_is_followed_to_its_encrypted_mount_and_fixed_disks_stay_out() {
        let root = planted(&[
            ("/sys/devices/pci/usb1/1-1/block/sdb/removable", "1\n"),
            ("/sys/devices/pci/usb1/1-1/block/sdb/size", "2048\n"),
            ("/sys/devices/pci/usb1/1-1/block/sdb/dev", "8:16\n"),
            ("/sys/devices/pci/usb1/1-1/block/sdb/sdb1/dev", "8:17\n"),
            ("/sys/devices/pci/usb1/1-1/block/sdb/sdb1/holders/dm-0/x", ""),
            ("/sys/block/dm-0/dev", "253:0\n"),
            ("/sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc\n"),
            ("/sys/block/sda/removable", "0\n"),
            ("/sys/block/sr0/removable", "1\n"),
            ("/proc/self/mountinfo", "1 0 253:0 / /media/stick rw - ext4 /dev/dm-0 rw\n"),
        ]);
        symlink("../devices/pci/usb1/1-1/block/sdb", root.path().join("sys/block/sdb")).unwrap();
        let job = job(root.path());
        let devices = attached(&mut Look::new(&job)).unwrap();
        assert_eq!(devices.len(), 2);
        assert_eq!(
            (devices[0].id.as_str(), devices[0].transport.as_str(), devices[0].bytes),
            ("sdb", "usb", 1 << 20)
        );
        assert_eq!(
            (devices[0].mounted.as_slice(), devices[0].encrypted),
            (&["/media/stick".to_owned()][..], Some(true))
        );
        assert_eq!((devices[1].transport.as_str(), devices[1].encrypted), ("optical", None));
    }
}
