//! The plugin on root file systems made in this run by the distributions' own tools, beside what those tools say of the same root.
//! Roots lie below the target folder and are made once; `tests/run` installs the tools.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod apt;
mod debian;
mod made;
mod pacman;
mod rpm;
mod ubuntu;
mod updates;
