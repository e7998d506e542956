//! The evidence port.
