//! `capacity.metrics`: how full processors, memory and file systems are at this moment.
//!
//! It never walks a directory and reports whole numbers only.

mod storage;

use std::thread;

use exhibit_plugin::kinds::capacity_metrics::{CapacityMetrics, Load, Use};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use sysinfo::{
    CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, RefreshKind, System,
};

use crate::look::Look;

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: exhibit_plugin::kinds::capacity_metrics::KIND,
    reads: &["/proc/{stat,meminfo,loadavg}", "/proc/self/mountinfo", "statvfs(2) per file system"],
    needs: &[],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    if !look.host.is_live() {
        return Observation::without_document(
            OutcomeKind::NotApplicable,
            format!(
                "use of resources belongs to a running host, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
    }
    let storage = storage::all(&mut look);
    let (cpus, cpu_used_percent, memory, swap) = machine(&mut look);
    let load = look.text("/proc/loadavg").here().and_then(|text| load(&text));
    let rows = storage.len();
    let body = CapacityMetrics { cpus, cpu_used_percent, load, memory, swap, storage };
    look.seen.document(body, rows);
    look.done()
}

type Machine = (Option<u32>, Option<u8>, Option<Use>, Option<Use>);

fn machine(look: &mut Look<'_>) -> Machine {
    let wanted = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing().with_usage())
        .with_memory(MemoryRefreshKind::everything());
    look.seen.method("/proc/stat, twice").method("/proc/meminfo");
    let measured = System::new_with_specifics(wanted).map(|mut system| {
        // Use is a difference of two readings; the library names the shortest distance that gives one.
        thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL);
        system.refresh_cpu_usage();
        system
    });
    match measured {
        Ok(system) => {
            let used = percent_of(f64::from(system.global_cpu_usage()));
            let memory = use_of(system.total_memory(), system.used_memory());
            let swap = use_of(system.total_swap(), system.used_swap());
            (u32::try_from(system.cpus().len()).ok(), used, Some(memory), Some(swap))
        }
        Err(error) => {
            look.seen.outcome(
                OutcomeKind::Failed,
                format!("processor and memory use could not be read: {error}"),
                "mount /proc where the plugin runs",
            );
            (None, None, None, None)
        }
    }
}

fn use_of(total_bytes: u64, used_bytes: u64) -> Use {
    Use { total_bytes, used_bytes, used_percent: percent(used_bytes, total_bytes) }
}

/// Share in percent, rounded up; 0 of nothing is 0.
fn percent(part: u64, whole: u64) -> u8 {
    if whole == 0 {
        return 0;
    }
    let share = (u128::from(part) * 100).div_ceil(u128::from(whole));
    u8::try_from(share.min(100)).unwrap_or(100)
}

fn percent_of(value: f64) -> Option<u8> {
    value
        .is_finite()
        .then(|| value.round().clamp(0.0, 100.0))
        .and_then(|v| format!("{v:.0}").parse().ok())
}

/// The first three numbers of `/proc/loadavg`, times 100.
fn load(text: &str) -> Option<Load> {
    let mut numbers = text.split_ascii_whitespace().map(hundredths);
    Some(Load {
        one_x100: numbers.next()??,
        five_x100: numbers.next()??,
        fifteen_x100: numbers.next()??,
    })
}

/// The kernel prints exactly two digits after the point.
fn hundredths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() != 2 {
        return None;
    }
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(fraction.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    #[test]
    fn this_machine_has_processors_memory_and_a_root() {
        let seen = observe(&testing::job("/"));
        let body: CapacityMetrics =
            serde_json::from_value(testing::body(ENTRY.kind, &seen)).unwrap();
        assert!(body.cpus.unwrap() > 0);
        assert!(body.memory.unwrap().total_bytes > 0);
        let root = body.storage.iter().find(|s| s.id == "/").unwrap();
        assert!(root.total_bytes > 0 && root.used_percent <= 100);
        assert!(body.load.is_some() && body.cpu_used_percent.is_some());
    }

    #[test]
    fn shares_are_rounded_up_and_never_leave_the_scale() {
        assert_eq!(percent(0, 0), 0);
        assert_eq!(percent(1, 1000), 1);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(5, 1), 100);
        assert_eq!(percent_of(f64::NAN), None);
    }

    #[test]
    fn load_is_exact_and_noise_is_none() {
        let expected = Load { one_x100: 42, five_x100: 138, fifteen_x100: 1000 };
        assert_eq!(load("0.42 1.38 10.00 1/302 44\n"), Some(expected));
        assert_eq!(load("0.42 x"), None);
        assert_eq!(load("4294967295.99 1.00 1.00"), None);
    }

    #[test]
    fn a_file_tree_has_no_use_of_resources() {
        let root = testing::planted(&[]);
        let seen = observe(&testing::job(root.path()));
        assert!(testing::outcomes(&seen)[0].starts_with("not_applicable"));
    }
}
