//! Progress on a terminal's standard error, for what takes longer than two seconds.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use exhibit_verifier::progress::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const QUIET: Duration = Duration::from_secs(2);

pub(crate) struct Bar {
    started: Instant,
    bar: RefCell<ProgressBar>,
    allowed: bool,
}

impl Bar {
    /// `allowed: false` never shows anything; otherwise indicatif itself stays silent off a terminal.
    pub(crate) fn new(allowed: bool) -> Self {
        Self { started: Instant::now(), bar: RefCell::new(ProgressBar::hidden()), allowed }
    }

    pub(crate) fn clear(&self) {
        self.bar.borrow().finish_and_clear();
    }
}

impl Progress for Bar {
    fn stage(&self, name: &'static str, total: u64) {
        self.clear();
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{prefix:8} {bar:32} {percent:>3} %  {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_prefix(name);
        self.bar.replace(bar);
    }

    fn step(&self, count: u64) {
        let bar = self.bar.borrow();
        if self.allowed && bar.is_hidden() && self.started.elapsed() > QUIET {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
        }
        bar.inc(count);
    }
}
