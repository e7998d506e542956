//! Asks each mounted file system that keeps or holds data how full it is; it never reads their content.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::capacity_metrics::Storage;
use rustix::fs::{StatVfs, StatVfsMountFlags};

use super::percent;
use crate::look::Look;
use crate::mounts::{self, Mount};

/// Every file system of this mount namespace that keeps data.
pub(super) fn all(look: &mut Look<'_>) -> Vec<Storage> {
    let mut found = Vec::new();
    for mount in mounts::keeping_data(look).unwrap_or_default() {
        if !look.host.allows(&mount.point) {
            continue;
        }
        look.seen.method(format!("statvfs {}", mount.point));
        match rustix::fs::statvfs(mount.point.as_str()) {
            Ok(stat) => found.extend(describe(mount, &stat)),
            Err(error) => {
                let outcome = if error == rustix::io::Errno::ACCESS {
                    OutcomeKind::Denied
                } else {
                    OutcomeKind::Failed
                };
                look.seen.outcome(
                    outcome,
                    format!("the file system at {} does not tell its size: {error}", mount.point),
                    format!("let the plugin's user enter {} (CAP_DAC_READ_SEARCH)", mount.point),
                );
            }
        }
    }
    found
}

/// `None` for a file system without blocks, such as an empty overlay of the kernel's own.
fn describe(mount: Mount, stat: &StatVfs) -> Option<Storage> {
    if stat.f_blocks == 0 {
        return None;
    }
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let inodes = stat.f_files.saturating_sub(stat.f_ffree);
    Some(Storage {
        id: mount.point,
        device: mount.source.starts_with('/').then_some(mount.source),
        filesystem: Some(mount.fs_type),
        total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        available_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        used_percent: percent(used, used.saturating_add(stat.f_bavail)),
        inodes_used_percent: (stat.f_files > 0).then(|| percent(inodes, stat.f_files)),
        read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}
