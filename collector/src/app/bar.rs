//! Progress on a terminal's standard error, for what takes longer than two seconds. It never counts by itself.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const QUIET: Duration = Duration::from_secs(2);
const PER_SECOND: u8 = 5;

pub(super) struct Bar {
    started: Instant,
    bar: ProgressBar,
    /// Taken when the quiet time is over.
    target: Option<ProgressDrawTarget>,
}

impl Bar {
    /// Nothing is shown off a terminal.
    pub(super) fn new(of: &'static str, now: Instant) -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(PER_SECOND), of, now)
    }

    fn on(target: ProgressDrawTarget, of: &'static str, now: Instant) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{bar:32} {pos} of {len} {prefix}, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_prefix(of);
        Self { started: now, bar, target: Some(target) }
    }

    /// So many of so many are done.
    pub(super) fn show(&mut self, done: u64, all: u64, now: Instant) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        if now.duration_since(self.started) > QUIET
            && let Some(target) = self.target.take()
        {
            self.bar.set_draw_target(target);
            self.bar.tick();
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// What a terminal was told to show.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_says_nothing_for_two_seconds_and_then_how_many_of_how_many() {
        let (screen, start) = (Screen::default(), Instant::now());
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let mut bar = Bar::on(target, "documents deleted", start);
        bar.show(64, 300, start + QUIET);
        assert_eq!(screen.text(), "");
        bar.show(128, 300, start + QUIET + Duration::from_millis(1));
        assert!(screen.text().contains("128 of 300 documents deleted"), "{:?}", screen.text());
        bar.clear();
        assert!(!screen.text().contains("300 of 300"), "{:?}", screen.text());
    }
}
