//! The manifest, written item by item while the log is read. Never holds more than one.

use std::io::{self, Write as _};

use exhibit_proto::bundle::{self, Item, Selection};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use serde::Serialize;

use super::ExportError;
use super::folder::{Folder, Growing};

pub(super) struct Manifest {
    file: Growing,
    items: u64,
}

impl Manifest {
    /// Begins the file with everything that stands before the items (`exhibit_proto::bundle::Manifest`).
    pub(super) fn begin(
        folder: &mut Folder,
        generated_at: &str,
        checkpoint: &Checkpoint,
        selection: &Selection,
    ) -> Result<Self, ExportError> {
        let mut manifest = Self { file: folder.begin_file(bundle::MANIFEST)?, items: 0 };
        manifest.text("{\n  \"schema\": ")?;
        manifest.value(&bundle::SCHEMA)?;
        manifest.text(",\n  \"generated_at\": ")?;
        manifest.value(&generated_at)?;
        manifest.text(",\n  \"checkpoint\": ")?;
        manifest.value(checkpoint)?;
        manifest.text(",\n  \"selection\": ")?;
        manifest.value(selection)?;
        manifest.text(",\n  \"items\": [")?;
        Ok(manifest)
    }

    /// One line an item.
    pub(super) fn item(&mut self, item: &Item) -> Result<(), ExportError> {
        self.text(if self.items == 0 { "\n    " } else { ",\n    " })?;
        self.items += 1;
        self.value(item)
    }

    /// Answers how many items there are, and the file's digest.
    pub(super) fn end(mut self, folder: &mut Folder) -> Result<(u64, Digest), ExportError> {
        self.text("\n  ]\n}\n")?;
        Ok((self.items, folder.end_file(self.file)?))
    }

    fn text(&mut self, text: &str) -> Result<(), ExportError> {
        self.file.write_all(text.as_bytes()).map_err(|source| self.file.failed(source))
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), ExportError> {
        let written = serde_json::to_writer(&mut self.file, value);
        written.map_err(|error| self.file.failed(io::Error::from(error)))
    }
}
