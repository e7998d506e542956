//! Pages of long lists: what is shown of them is asked of the views, and their CSV is written while it is read. Small lists are
//! whole tables (`table`).

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::table::{Cell, Column, Counted, PAGE_ROWS, Query, Table, TableView};
use super::{Ask, WebError};
use crate::report::csv::harmless;
use crate::views::{Asked, Part, SORTED};

/// Bytes handed over at a time, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 4;

/// A long list: what it looks like, and how its rows are had.
pub(super) struct Listed<T> {
    /// Without rows.
    pub(super) table: Table,
    /// Columns that the views know by another name.
    pub(super) names: &'static [(&'static str, &'static str)],
    /// Columns that no more than [`SORTED`] rows are sorted by.
    pub(super) few: &'static [&'static str],
    /// The part that is asked for.
    pub(super) part: fn(&Ask, &Asked) -> Result<Part<T>, WebError>,
    pub(super) cells: fn(&Ask, T) -> Vec<Cell>,
}

/// Takes a row while a list is streamed.
pub(super) type Each<'a, T> = &'a mut dyn FnMut(T) -> Result<(), WebError>;

impl<T> Listed<T> {
    /// The part of the list that the address asks for; `choices`: columns with what they may be chosen by.
    pub(super) fn page(
        self,
        ask: &Ask,
        choices: Vec<(&'static str, Vec<String>)>,
    ) -> Result<TableView, WebError> {
        let mut asked = asked(&self.table.columns, self.names, &ask.query);
        let rows = PAGE_ROWS as u64;
        let page = ask.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1_u64);
        asked.offset = page.saturating_sub(1).saturating_mul(rows);
        asked.limit = Some(rows);
        let mut part = (self.part)(ask, &asked)?;
        if part.rows.is_empty() && part.fitting > 0 {
            asked.offset = (part.fitting - 1) / rows * rows;
            part = (self.part)(ask, &asked)?;
        }
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let unsorted = if part.fitting > SORTED { self.few } else { &[] };
        let (total, fitting) = (number(part.all), number(part.fitting));
        let counted = Counted { total, fitting, choices, unsorted };
        let rows = part.rows.into_iter().map(|row| (self.cells)(ask, row)).collect();
        let table = Table { rows, ..self.table };
        Ok(table.viewed(&ask.path, &ask.query, Some(counted)))
    }

    /// All rows that the address asks for, as CSV (RFC 4180), from one moment.
    pub(super) fn csv(
        self,
        ask: &Ask,
        name: &str,
        each: fn(&Ask, &Asked, Each<'_, T>) -> Result<(), WebError>,
    ) -> Result<Response, WebError>
    where
        T: 'static,
    {
        let asked = asked(&self.table.columns, self.names, &ask.query);
        let cells = self.cells;
        streamed(ask, name, &self.table.columns, move |ask, put| {
            each(ask, &asked, &mut |row| put(cells(ask, row)))
        })
    }
}

/// Rows as CSV, written while `each` hands them over, from one moment.
pub(super) fn streamed(
    ask: &Ask,
    name: &str,
    columns: &[Column],
    each: impl FnOnce(&Ask, Each<'_, Vec<Cell>>) -> Result<(), WebError> + Send + 'static,
) -> Result<Response, WebError> {
    let heads = columns.iter().map(|column| column.key);
    let mut ask = ask.clone();
    ask.views = ask.views.pinned()?;
    let (sender, receiver) = mpsc::channel(PIECES);
    let mut out = csv::Writer::from_writer(Pieces { sender, waiting: Vec::new() });
    out.write_record(heads).map_err(|error| WebError::Cut(error.to_string()))?;
    tokio::task::spawn_blocking(move || {
        let written = each(&ask, &mut |cells| {
            let texts = cells.iter().map(|cell| cell.export.as_ref().unwrap_or(&cell.text));
            out.write_record(texts.map(|text| harmless(text)))
                .map_err(|error| WebError::Cut(error.to_string()))
        });
        // Whoever reads has gone away.
        let Ok(pieces) = out.into_inner() else { return };
        match written {
            Ok(()) => pieces.end(),
            Err(error) => {
                tracing::error!(%error, "a list could not be read to its end");
                pieces.fail();
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(super::download("text/csv; charset=utf-8", &format!("exhibit-{name}.csv"), body))
}

/// What a query asks of a list with these columns.
fn asked(
    columns: &[Column],
    names: &'static [(&'static str, &'static str)],
    query: &Query,
) -> Asked {
    let known = |key: &'static str| {
        names.iter().find(|(column, _)| *column == key).map_or(key, |(_, field)| field)
    };
    let given = |key: &str| query.get(key).filter(|value| !value.is_empty());
    let chosen = columns.iter().filter(|column| column.choice).filter_map(|column| {
        given(column.key).map(|value| (known(column.key).to_owned(), value.clone()))
    });
    let order = given("sort").and_then(|sort| {
        let (key, turned) = sort.strip_prefix('-').map_or((sort.as_str(), false), |k| (k, true));
        let column = columns.iter().find(|column| column.key == key)?;
        Some((known(column.key).to_owned(), turned))
    });
    let text = given("q").map(|text| text.trim().to_owned()).unwrap_or_default();
    Asked { fits: chosen.collect(), text, order, offset: 0, limit: None }
}

/// A writer whose bytes leave in pieces.
struct Pieces {
    sender: mpsc::Sender<std::io::Result<Vec<u8>>>,
    waiting: Vec<u8>,
}

impl Pieces {
    fn send(&mut self) -> std::io::Result<()> {
        let piece = std::mem::take(&mut self.waiting);
        let gone = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        self.sender.blocking_send(Ok(piece)).map_err(gone)
    }

    fn end(mut self) {
        if self.send().is_err() {
            tracing::debug!("whoever took a list went away before its end");
        }
    }

    /// A list without its end must not pass for a whole one: the connection breaks.
    fn fail(self) {
        let failed = std::io::Error::other("the list could not be read to its end");
        if self.sender.blocking_send(Err(failed)).is_err() {
            tracing::debug!("whoever took a list went away before its end");
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
