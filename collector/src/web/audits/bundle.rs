//! The bundle of an audit as a download: written as the command does it, packed, logged before its first byte leaves.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path as Place, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::download::stream;
use super::super::guard::SignedIn;
use super::super::{Ask, Site};
use super::of_ours;
use crate::audit::Scope;
use crate::export::{self, ExportError, Under};
use crate::report::{ReportError, Scratch};

/// Why there is none.
#[derive(Debug, thiserror::Error)]
enum BundleError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Audit(#[from] crate::audit::AuditError),
    #[error(transparent)]
    Views(#[from] crate::views::ViewsError),
    #[error(transparent)]
    Log(#[from] crate::log::LogError),
    #[error(transparent)]
    Witness(#[from] crate::witness::WitnessError),
    #[error(transparent)]
    Scratch(#[from] ReportError),
    #[error("packing the bundle: {0}")]
    Pack(#[from] zip::result::ZipError),
    #[error("packing the bundle: {0}")]
    Io(#[from] io::Error),
}

/// What was made.
struct Made {
    file: File,
    sha256: Digest,
    bytes: u64,
    detail: Value,
}

/// A folder that goes when it is not needed any more.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an unpacked bundle could not be removed");
        }
    }
}

pub(super) async fn make(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(audit): Path<String>,
    request: Request,
) -> Response {
    let ask = match of_ours((&site, &who), &audit, request).await {
        Ok((_, ask)) => ask,
        Err(response) => return *response,
    };
    let Some(_turn) = site.turns.take().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let now = (site.clock)();
    let of = audit.clone();
    let made = tokio::task::spawn_blocking(move || made(&ask, &of, now)).await;
    let Made { file, sha256, bytes, detail } = match made {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => return broken(&error),
        Err(error) => return broken(&error),
    };
    let (by, action) = (who.user.clone(), "bundle_exported".to_owned());
    if let Err(error) = (site.record)(Activity { by, action, detail }).await {
        tracing::error!(%error, "that a bundle was made could not be logged, so nobody gets it");
        let text = "the log cannot take an entry at present; try again in a moment";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    let fine = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name = format!("exhibit-{}.zip", audit.chars().map(fine).collect::<String>());
    stream(file, (sha256, bytes), (&name, "application/zip"))
}

fn made(ask: &Ask, audit: &str, now: Timestamp) -> Result<Made, BundleError> {
    let site = &ask.site;
    let held = site.views.people()?.audits;
    let selection = Scope::of(&site.views, audit, &held)?.selection();
    let (head, by) = site.witnesses.cosigned(&export::settled(site.log(), &site.views)?)?;
    let under = Under {
        log_keys: site.keys.clone(),
        head,
        cosigned_by: by.into_keys().collect(),
        policy: site.witnesses.circle().text().to_owned(),
        stamps: site.timestamps.stamps().clone(),
        views: Some(site.views.clone()),
    };
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let folder = Folder(site.scratch.join(format!(".bundle-{}", hex::encode(random))));
    let summary = export::write(site.log(), &under, &selection, now, &folder.0, |_| {})?;
    let mut scratch = Scratch::new(&site.scratch)?;
    pack(&folder.0, audit, scratch.file())?;
    drop(folder);
    let (file, sha256, bytes) = scratch.settle()?;
    let detail = json!({
        "manifest": summary.manifest, "size": summary.checkpoint.size, "items": summary.items,
        "documents": summary.documents, "selection": selection.claims(), "sha256": sha256,
    });
    Ok(Made { file, sha256, bytes, detail })
}

/// Every file under the name that the bundle gives it, in one folder.
fn pack(folder: &Place, audit: &str, out: &mut File) -> Result<(), BundleError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(false)
        .unix_permissions(0o600);
    let mut zip = ZipWriter::new(out);
    let fine = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let top: String = audit.chars().map(fine).collect();
    let mut open = vec![(folder.to_owned(), format!("exhibit-{top}/"))];
    while let Some((place, prefix)) = open.pop() {
        let mut entries: Vec<_> = fs::read_dir(&place)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                open.push((entry.path(), format!("{name}/")));
                continue;
            }
            zip.start_file(name, options)?;
            io::copy(&mut File::open(entry.path())?, &mut zip)?;
        }
    }
    zip.finish()?.flush()?;
    Ok(())
}

fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the bundle of an audit could not be made");
    let text = "the bundle could not be made; the collector's own log says why";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}
