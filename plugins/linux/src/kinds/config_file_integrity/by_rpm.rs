//! Compares files with what the headers of rpm's database say of them: content and permissions. It runs no rpm where the database is
//! SQLite, so any root can be looked at.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::config_file_integrity::Delivered;

use super::{
    Scope, Settings,
    packaged::{self, Method, Sum},
};
use crate::{
    look::{Found, Look},
    packages::rpm,
};

/// Bits of a file's flags.
const CONFIGURATION: u32 = 1;
const MAY_BE_MISSING: u32 = 8;
const NOT_DELIVERED: u32 = 64;
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Compares. Missing: the database has another form.
pub(super) fn compare(look: &mut Look<'_>, settings: &Settings) -> Found<Delivered> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut without_sums = Vec::new();
    let found = rpm::each(look, |header| {
        let method = match header.digest_algorithm() {
            1 => Some(Method::Md5),
            8 => Some(Method::Sha256),
            _ => None,
        };
        let package = header.name().unwrap_or_default();
        let mut files = 0_usize;
        for file in header.delivered() {
            let is_ours = file.state == 0 && file.flags & NOT_DELIVERED == 0;
            if !is_ours || file.mode & TYPE != REGULAR || file.digest.is_empty() {
                continue;
            }
            files += 1;
            let Some(method) = method else { continue };
            if settings.scope == Scope::Programs && !packaged::is_program(&file.path) {
                continue;
            }
            let sum = Sum {
                digest: file.digest,
                method,
                package: package.clone(),
                configuration: file.flags & CONFIGURATION != 0,
                mode: Some(file.mode),
                optional: file.flags & MAY_BE_MISSING != 0,
            };
            sums.insert(file.path, sum);
        }
        if method.is_none() && files > 0 {
            without_sums.push(package);
        }
    });
    match found {
        Found::Missing => return Found::Missing,
        Found::Unreadable => return Found::Unreadable,
        Found::Here(_) => {}
    }
    let mut delivered = Delivered {
        method: "rpm digests".to_owned(),
        scope: settings.scope.word().to_owned(),
        files: u64::try_from(sums.len()).unwrap_or(u64::MAX),
        complete: true,
        changed: Vec::new(),
        without_sums,
    };
    packaged::check(look, settings, &sums, "the database of rpm", &mut delivered);
    Found::Here(delivered)
}
