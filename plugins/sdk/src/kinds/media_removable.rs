//! `media.removable`: whether removable storage is kept out, by what, and what is attached now. Never reads a medium.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "media.removable";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:media.removable:v1";

/// Removable media of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovableMedia {
    /// Whether USB storage that nobody allowed is kept out now. Null: not determinable.
    pub usb_storage_blocked: Option<bool>,
    /// What bears on it, sorted.
    pub controls: Vec<Control>,
    /// Removable block devices that are attached, sorted by id. Null: not determinable (a file tree, a policy service).
    pub devices: Option<Vec<Device>>,
}

/// One setting, module or service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Name: `module:usb_storage`, `usbguard`, `usbcore.authorized_default`, `udisks2`, `policy:…`.
    pub name: String,
    /// `absent`, `available`, `loaded`, `builtin`, `blacklisted`, `disabled` for modules; `active`, `inactive` for
    /// services; the value for settings.
    pub state: String,
    /// More in its own words, such as `implicit target block, 3 rules`. Null: nothing more.
    pub detail: Option<String>,
    /// File, or what was asked.
    pub source: String,
}

/// One attached device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Kernel's name, such as `sdb`.
    pub id: String,
    /// `usb`, `mmc`, `optical`, `floppy`, `other`.
    pub transport: String,
    /// Size in bytes; 0: no medium.
    pub bytes: u64,
    /// Where it or a part of it is mounted, sorted.
    pub mounted: Vec<String>,
    /// Whether an encrypted volume is opened on it. Null: nothing is open, so that cannot be told.
    pub encrypted: Option<bool>,
}

impl Kind for RemovableMedia {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.controls.sort();
        if let Some(devices) = &mut self.devices {
            for device in devices.iter_mut() {
                device.mounted.sort();
            }
            devices.sort();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "usb_storage_blocked": true,
        "controls": [{"name": "module:usb_storage", "state": "disabled", "detail": null,
            "source": "/etc/modprobe.d/usb.conf:1"}],
        "devices": [{"id": "sdb", "transport": "usb", "bytes": 16_000_000_000_u64, "mounted": ["/media/bob/stick"],
            "encrypted": false}]
    })
}
