//! How many lines are drawn: fixed with the population, before anybody can know the seed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{METHOD, SampleError};

/// The plan of a draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`METHOD`]
    pub method: String,
    pub size: Size,
    /// So many of each target, instead of all lines together.
    #[serde(default)]
    pub each_target: bool,
}

/// How many; all of them where there are fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    Items(u32),
    /// Of 100, rounded up.
    Percent(u8),
}

impl Plan {
    pub fn new(size: Size, each_target: bool) -> Self {
        Self { method: METHOD.to_owned(), size, each_target }
    }

    /// Whether this version draws so.
    pub fn check(&self) -> Result<(), SampleError> {
        if self.method != METHOD {
            return Err(SampleError::Method(self.method.chars().take(80).collect()));
        }
        match self.size {
            Size::Items(0) => Err(SampleError::Size(0)),
            Size::Percent(percent) if !(1..=100).contains(&percent) => {
                Err(SampleError::Size(percent.into()))
            }
            Size::Items(_) | Size::Percent(_) => Ok(()),
        }
    }

    /// How many of `all` lines.
    pub fn of(&self, all: usize) -> usize {
        match self.size {
            Size::Items(items) => all.min(usize::try_from(items).unwrap_or(usize::MAX)),
            Size::Percent(percent) => {
                all.saturating_mul(usize::from(percent)).div_ceil(100).min(all)
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size {
            Size::Items(1) => write!(f, "1 item")?,
            Size::Items(items) => write!(f, "{items} items")?,
            Size::Percent(percent) => write!(f, "{percent} % (rounded up)")?,
        }
        if self.each_target { write!(f, " of each target") } else { Ok(()) }
    }
}
