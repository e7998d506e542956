//! The collector: admits agents' evidence into one append-only log, judges it, shows it, exports it.
//!
//! | room | does | never |
//! |---|---|---|
//! | [`log`] | the single writer of the log and its readers | knows what an envelope says |
//! | [`named`] | which documents an entry names | checks what it reads |
//! | [`identity`] | CA, server certificates, tokens, enrolment, who an agent is | believes a message about who speaks |
//! | [`ingest`] | the evidence port: who, may they, is it well-formed | stores anything itself |
//! | [`views`] | tables derived from the log | holds what the log does not |
//! | [`packs`] | rule packs as the log holds them | judges |
//! | [`opened`] | statements on their way from `ingest` to `views`, so that none is opened twice | is needed: the log has them all |
//! | [`requests`] | what commands ask of the collector that serves | does what is asked |
//! | [`decisions`] | what people decide, on its way to the log | writes to the log |
//! | [`population`] | lists that auditors draw samples from, and the draws | logs anything |
//! | [`audit`] | lists of requests, evidence that is named, what an audit sees | logs anything |
//! | [`retention`] | what may be deleted, and when | deletes anything |
//! | [`people`] | users, passwords, sessions | decides what an auditor relies on |
//! | [`web`] | pages, public read side of the log, health | writes to the log by itself |
//! | [`export`] | audit bundles | exports what no proof covers |
//! | [`report`] | reports of what the views say, in many forms | asks a view twice for two forms |
//! | [`witness`] | asks witnesses to cosign heads, keeps what they signed | holds up admission |
//! | [`timestamp`] | has heads time-stamped by others, keeps the tokens | holds up admission, stamps what changes |
//! | `ask` | HTTP to witnesses and authorities, in bounds | decides what an answer means |
//! | [`net`] | the accept loop of both ports | reads a request |
//! | [`secrets`] | the database of verifiers and token hashes | is part of any proof |
//! | [`config`], [`cli`], [`app`] | configuration, command line, wiring | decide anything about evidence |

pub mod app;
mod ask;
pub mod audit;
pub mod cli;
pub mod config;
pub mod decisions;
pub mod export;
pub mod frameworks;
pub mod identity;
pub mod ingest;
pub mod log;
pub mod named;
pub mod net;
pub mod oidc;
pub mod opened;
pub mod packs;
pub mod people;
pub mod population;
pub mod report;
pub mod requests;
pub mod retention;
pub mod secrets;
pub mod timestamp;
pub mod views;
pub mod web;
pub mod witness;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;
