//! Logs that are verified over the network, and watched. It only reads what a log publishes to everybody (C2SP tlog-tiles); it
//! believes the policy file, as everything here does. Without the feature `online` nothing of this is built.

mod heads;
mod lag;
mod remote;
mod tls;
mod watch;

pub use heads::{Heads, HeadsError};
pub use lag::lag;
pub use remote::{Remote, RemoteError};
pub use tls::{Authority, AuthorityError};
pub use watch::{Event, Patience, Watch};
