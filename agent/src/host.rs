//! Facts about this host that statements carry: machine id, boot id, time since boot, host name.
//! It never decides anything.

use std::io;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

/// When something is sealed, by every clock there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: jiff::Timestamp,
    pub boot_id: String,
    /// Milliseconds since boot, suspended time included.
    pub monotonic_ms: u64,
}

impl Moment {
    /// Reads the clocks; `now` is the caller's.
    pub fn at(now: jiff::Timestamp) -> Self {
        let since_boot = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(since_boot.tv_sec).unwrap_or(0);
        let millis = u64::try_from(since_boot.tv_nsec / 1_000_000).unwrap_or(0);
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        Self {
            now,
            boot_id: boot_id.map(|id| id.trim().to_owned()).unwrap_or_default(),
            monotonic_ms: seconds.saturating_mul(1000).saturating_add(millis),
        }
    }
}

/// RFC 3339, UTC, milliseconds.
pub fn rfc3339(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The node name, for people; not an identity.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The id that the operating system made at installation (machine-id(5)). None where the file is absent, empty or
/// still says `uninitialized`, as in images and some containers.
pub fn machine_id(file: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let id = text.trim();
            let made = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            Ok(made.then(|| id.to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
