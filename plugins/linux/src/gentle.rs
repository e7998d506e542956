//! Makes long work yield to everybody else. It changes only the thread it is called in.

use std::time::Duration;

use crate::{
    look::Look,
    tool::{self, Tool},
};

/// Lowest priority for processor and disk. Each kind runs in a thread of its own, which ends with it.
pub(crate) fn yield_to_others(look: &mut Look<'_>) {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    let tool = Tool::new("ionice", &["-c", "3", "-p", &thread]).timeout(Duration::from_secs(2));
    let idle = tool::run(&tool, look.job).is_ok_and(|output| output.is_success());
    if rustix::process::nice(19).is_ok() {
        look.seen.method(if idle { "nice 19, I/O class idle" } else { "nice 19" });
    }
}
