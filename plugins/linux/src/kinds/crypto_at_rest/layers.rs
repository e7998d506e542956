//! Follows a block device down to the layer that encrypts it, by sysfs alone; it never reads a disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One layer of encryption below a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Layer {
    /// `luks1`, `luks2`, `plain`, `tcrypt`, `bitlk` or `fvault2`, as cryptsetup names them in the device-mapper uuid.
    pub(crate) format: String,
    /// Device-mapper name, such as `cryptroot`.
    pub(crate) name: String,
}

/// What sysfs says of one device and everything below it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Every path to a physical device passes these layers.
    Encrypted(BTreeSet<Layer>),
    /// At least one path to a physical device passes none.
    Clear,
    /// sysfs does not know the device: a network, memory or container file system.
    Unknown,
}

/// Device numbers that name a device in `/sys/dev/block`.
pub(crate) fn of_device(sys: &Path, major: u32, minor: u32) -> Answer {
    let device = sys.join(format!("dev/block/{major}:{minor}"));
    if fs::metadata(&device).is_err() {
        return Answer::Unknown;
    }
    descend(&device, 0)
}

/// Whether any disk below can be taken out easily. A partition has no flag of its own; its disk does.
pub(crate) fn removable(sys: &Path, major: u32, minor: u32) -> Option<bool> {
    let device = fs::canonicalize(sys.join(format!("dev/block/{major}:{minor}"))).ok()?;
    flag(&device, 0)
}

fn flag(device: &Path, depth: u8) -> Option<bool> {
    let below: Vec<_> = match fs::read_dir(device.join("slaves")) {
        Ok(entries) => entries.flatten().filter_map(|e| fs::canonicalize(e.path()).ok()).collect(),
        Err(_) => Vec::new(),
    };
    if !below.is_empty() && depth < MAX_DEPTH {
        let flags: Vec<Option<bool>> = below.iter().map(|path| flag(path, depth + 1)).collect();
        if flags.contains(&Some(true)) {
            return Some(true);
        }
        return flags.into_iter().collect::<Option<Vec<_>>>().map(|_| false);
    }
    let text = [Some(device), device.parent()]
        .into_iter()
        .flatten()
        .find_map(|path| fs::read_to_string(path.join("removable")).ok())?;
    Some(text.trim() == "1")
}

/// Stacks are rarely deeper than four; a loop would need a broken kernel or a planted tree.
const MAX_DEPTH: u8 = 16;

fn descend(device: &Path, depth: u8) -> Answer {
    if let Some(layer) = crypt_layer(device) {
        return Answer::Encrypted(BTreeSet::from([layer]));
    }
    let below = match fs::read_dir(device.join("slaves")) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    if below.is_empty() || depth >= MAX_DEPTH {
        return if depth >= MAX_DEPTH { Answer::Unknown } else { bottom(device) };
    }
    let mut all = BTreeSet::new();
    for path in below {
        match descend(&path, depth + 1) {
            Answer::Encrypted(layers) => all.extend(layers),
            other @ (Answer::Clear | Answer::Unknown) => return other,
        }
    }
    Answer::Encrypted(all)
}

/// A loop device is as clear as the file under it, whose own device is not followed here; one on a network is not ours.
fn bottom(device: &Path) -> Answer {
    let has = |name: &str| fs::metadata(device.join(name)).is_ok();
    if has("loop/backing_file") || has("pid") { Answer::Unknown } else { Answer::Clear }
}

fn crypt_layer(device: &Path) -> Option<Layer> {
    let uuid = fs::read_to_string(device.join("dm/uuid")).ok()?;
    let format = format_of_uuid(uuid.trim())?;
    let name = fs::read_to_string(device.join("dm/name")).ok()?;
    Some(Layer { format, name: name.trim().to_owned() })
}

/// cryptsetup writes `CRYPT-<TYPE>-<uuid>-<name>`.
fn format_of_uuid(uuid: &str) -> Option<String> {
    let format = uuid.strip_prefix("CRYPT-")?.split('-').next()?;
    (!format.is_empty()).then(|| format.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Plants `/sys/dev/block/<number>` with a device folder; returns nothing to clean up.
    fn plant(sys: &Path, number: &str, dm: Option<(&str, &str)>, below: &[&str]) {
        let device = sys.join("dev/block").join(number);
        fs::create_dir_all(device.join("slaves")).unwrap();
        if let Some((name, uuid)) = dm {
            fs::create_dir_all(device.join("dm")).unwrap();
            fs::write(device.join("dm/name"), format!("{name}\n")).unwrap();
            fs::write(device.join("dm/uuid"), format!("{uuid}\n")).unwrap();
        }
        for other in below {
            symlink(sys.join("dev/block").join(other), device.join("slaves").join(other)).unwrap();
        }
    }

    const LUKS: &str = "CRYPT-LUKS2-0123456789abcdef-cryptroot";

    #[test]
    fn lvm_on_luks_is_encrypted_and_names_the_layer() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "254:0", Some(("cryptroot", LUKS)), &["8:2"]);
        plant(sys.path(), "8:2", None, &[]);
        plant(sys.path(), "254:1", Some(("vg-root", "LVM-abc")), &["254:0"]);
        let layer = Layer { format: "luks2".into(), name: "cryptroot".into() };
        assert_eq!(of_device(sys.path(), 254, 1), Answer::Encrypted(BTreeSet::from([layer])));
    }

    #[test]
    fn one_clear_leg_of_a_mirror_makes_the_whole_clear() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "254:0", Some(("cryptroot", LUKS)), &[]);
        plant(sys.path(), "8:2", None, &[]);
        plant(sys.path(), "9:0", None, &["254:0", "8:2"]);
        assert_eq!(of_device(sys.path(), 9, 0), Answer::Clear);
    }

    #[test]
    fn a_device_that_sysfs_does_not_know_is_not_called_clear() {
        let sys = tempfile::tempdir().unwrap();
        assert_eq!(of_device(sys.path(), 0, 44), Answer::Unknown);
    }

    #[test]
    fn a_loop_in_the_stack_ends() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "9:0", None, &["9:1"]);
        plant(sys.path(), "9:1", None, &["9:0"]);
        assert_eq!(of_device(sys.path(), 9, 0), Answer::Unknown);
    }

    #[test]
    fn only_cryptsetup_marks_count() {
        assert_eq!(format_of_uuid("LVM-abc"), None);
        assert_eq!(format_of_uuid("CRYPT-PLAIN-swap"), Some("plain".into()));
    }
}
