//! Who is told how far a verification is. Never decides anything.

/// Hears of progress; one stage at a time.
pub trait Progress {
    /// A stage begins that has `total` steps of `unit`.
    fn stage(&self, name: &'static str, total: u64);
    /// `count` more steps are done.
    fn step(&self, count: u64);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &'static str, _total: u64) {}
    fn step(&self, _count: u64) {}
}
