//! What two parties must agree on, byte for byte: evidence types, envelopes, the log's hashing and texts, and the gRPC
//! services. Never does I/O and never reads a clock.
//!
//! | module | rules |
//! |---|---|
//! | [`digest`], [`keys`] | SHA-256, Ed25519 (strict), SPKI, key ids |
//! | [`json`] | strict reading, sorted writing |
//! | [`document`], [`statement`], [`dsse`], [`leaf`] | evidence, from one observation to its entry in the log |
//! | [`enrolment`] | what an agent signs to prove that it holds its evidence key |
//! | [`rotation`] | how one evidence key hands over to the next |
//! | [`merkle`], [`tiles`] | RFC 6962 hashing, RFC 9162 proofs, C2SP tlog-tiles |
//! | [`note`], [`checkpoint`], [`cosignature`], [`tlog_proof`], [`policy`] | C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy |
//! | [`witness`] | C2SP tlog-witness: what a witness is asked and must answer |
//! | [`rfc3161`] | time-stamps by others, over frozen checkpoints (feature `rfc3161`) |
//! | [`bundle`] | the folder that an export writes and an auditor verifies |
//! | [`sample`] | populations that are frozen, and samples that anybody can draw again |
//! | [`rpc`], [`against`] | the services, and how a payload is packed against an earlier one (feature `grpc`) |

#[cfg(feature = "grpc")]
pub mod against;
pub mod bundle;
pub mod checkpoint;
pub mod continues;
pub mod cosignature;
pub mod digest;
pub mod document;
pub mod dsse;
pub mod enrolment;
pub mod json;
pub mod keys;
pub mod leaf;
pub mod log_key;
pub mod merkle;
pub mod note;
pub mod policy;
#[cfg(feature = "rfc3161")]
pub mod rfc3161;
pub mod rotation;
#[cfg(feature = "grpc")]
pub mod rpc;
pub mod sample;
pub mod statement;
pub mod tiles;
pub mod tlog_proof;
pub mod witness;
