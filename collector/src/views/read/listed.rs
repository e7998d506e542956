//! Long lists: of all that fits, only what is shown is read. Filters, order and place are one SQL question over columns that are
//! named here; what a list is asked for never becomes SQL text. Never reads a clock.

mod findings;
mod shapes;
mod sorted;
mod with_text;

use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::{AgentRow, DocumentRow, EntryRow, Gap, TargetRow};
use crate::views::{Views, ViewsError, signed, unsigned};

pub use findings::{Narrow, Segment};
use shapes::{AGENTS, DOCUMENTS, DONE, KIND, TARGETS, TURNED};
pub use sorted::SORTED;

/// Which rows of a list, in which order.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A field, and the text that it has to be.
    pub fits: Vec<(String, String)>,
    /// A text that one of the fields holds; small and capital letters (of ASCII) are the same. Empty: any.
    pub text: String,
    /// The field to sort by, and whether the other way round; none: the list's own order.
    pub order: Option<(String, bool)>,
    /// Rows in front of what is wanted.
    pub offset: u64,
    /// Rows that are wanted; none: all.
    pub limit: Option<u64>,
}

/// A list as SQL. `p` are the rows that are shown, by their keys: whatever else a row has is only looked up for those.
struct Shape {
    columns: &'static str,
    /// The table whose rows these are.
    from: &'static str,
    /// Tables beside it that add no row and take none, each by the name with which fields begin that are in it: looked into only
    /// where something asks for them. `?1`: the time now in milliseconds, or whatever else the list is about.
    beside: &'static [(&'static str, &'static str)],
    /// What holds of every row.
    holds: &'static str,
    keys: &'static str,
    /// The table by a row of `p`.
    again: &'static str,
    order: &'static str,
    /// How many rows there are, where that is kept.
    all: Option<&'static str>,
    /// Conditions of which one holds of rows with a text (`?Q`), where that is quicker than to look into each of them.
    finds: Option<fn(&Connection, &str) -> rusqlite::Result<String>>,
    /// Fields that more than [`SORTED`] rows are sorted by, where these are not all.
    sorts: Option<&'static [&'static str]>,
    fields: &'static [Field],
}

/// A field of a list's rows.
struct Field {
    name: &'static str,
    sql: &'static str,
    /// What it is sorted by, where that is another.
    sort: Option<&'static str>,
    /// Whether a text is looked for in it.
    searched: bool,
}

const fn text(name: &'static str, sql: &'static str) -> Field {
    Field { name, sql, sort: None, searched: true }
}

const fn other(name: &'static str, sql: &'static str) -> Field {
    Field { name, sql, sort: None, searched: false }
}

impl Asked {
    /// Only rows whose field is this, besides.
    #[must_use]
    pub fn also(mut self, field: &str, value: &str) -> Self {
        self.fits.push((field.to_owned(), value.to_owned()));
        self
    }

    fn is_everything(&self) -> bool {
        self.fits.is_empty() && self.text.is_empty()
    }

    fn range(&self) -> [Value; 2] {
        let limit = self.limit.map_or(-1, signed);
        [Value::Integer(limit), Value::Integer(signed(self.offset))]
    }
}

impl Shape {
    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The tables that such text speaks of.
    fn tables(&self, of: &str, text: &str) -> String {
        let spoken = self.beside.iter().filter(|(name, _)| text.contains(name));
        spoken.fold(of.to_owned(), |all, (_, beside)| format!("{all} {beside}"))
    }

    /// What fits, after [`Shape::holds`], with its parameters. A field that there is not fits nothing.
    fn fits(
        &self,
        connection: &Connection,
        asked: &Asked,
        about: &Value,
    ) -> rusqlite::Result<(String, Vec<Value>)> {
        let (mut sql, mut given) = (String::new(), vec![about.clone()]);
        for (name, value) in &asked.fits {
            given.push(Value::Text(value.clone()));
            let place = given.len();
            sql += &match self.field(name) {
                Some(field) => format!(" AND {} = ?{place}", field.sql),
                None => format!(" AND ?{place} IS NULL"),
            };
        }
        if !asked.text.is_empty() {
            given.push(Value::Text(asked.text.to_ascii_lowercase()));
            let place = given.len();
            let any = match self.finds {
                Some(finds) => finds(connection, &asked.text.to_ascii_lowercase())?,
                None => {
                    let searched = self.fields.iter().filter(|field| field.searched);
                    let each = searched.map(|field| format!("instr(lower({}), ?Q) > 0", field.sql));
                    each.collect::<Vec<_>>().join(" OR ")
                }
            };
            sql += &format!(" AND ({})", any.replace("?Q", &format!("?{place}")));
        }
        Ok((sql, given))
    }

    fn order(&self, asked: &Asked) -> String {
        let field = asked.order.as_ref().and_then(|(name, turned)| {
            let field = self.field(name)?;
            let by = field.sort.unwrap_or(field.sql);
            Some(format!("{by} {}, ", if *turned { "DESC" } else { "ASC" }))
        });
        format!("{}{}", field.unwrap_or_default(), self.order)
    }

    fn count(
        &self,
        connection: &Connection,
        asked: &Asked,
        about: &Value,
    ) -> Result<u64, ViewsError> {
        let (fits, given) = self.fits(connection, asked, about)?;
        let tables = self.tables(self.from, &fits);
        let sql = format!("SELECT count(*) FROM {tables} WHERE {}{fits}", self.holds);
        let mut ask = connection.prepare_cached(&sql)?;
        Ok(unsigned(ask.query_row(rusqlite::params_from_iter(given), |row| row.get(0))?))
    }

    /// Hands over the rows; ends early where `each` fails.
    fn each<T, E: From<ViewsError>>(
        &self,
        (connection, about): (&Connection, &Value),
        asked: &Asked,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        each: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<Result<(), E>, ViewsError> {
        let ((fits, mut given), order) = (self.fits(connection, asked, about)?, self.order(asked));
        let Self { columns, from, holds, keys, again, .. } = self;
        given.extend(asked.range());
        let (limit, offset) = (given.len() - 1, given.len());
        let all = self.tables(from, &[*columns, &fits, &order].concat());
        let sql = match asked.limit {
            Some(_) => format!(
                "SELECT {columns} FROM (SELECT {keys} FROM {} WHERE {holds}{fits} ORDER BY {order} LIMIT ?{limit} OFFSET ?{offset}) p
                 CROSS JOIN {} ORDER BY {order}",
                self.tables(from, &[&fits, order.as_str()].concat()),
                self.tables(again, &[*columns, &order].concat()),
            ),
            None => format!(
                "SELECT {columns} FROM {all} WHERE {holds}{fits} ORDER BY {order} LIMIT ?{limit} OFFSET ?{offset}"
            ),
        };
        let mut ask = connection.prepare_cached(&sql)?;
        let mut rows = ask.query(rusqlite::params_from_iter(given))?;
        while let Some(row) = rows.next()? {
            if let Err(ended) = each(read(row)?) {
                return Ok(Err(ended));
            }
        }
        Ok(Ok(()))
    }
}

/// What a list is about that is about nothing in particular.
const NOTHING: Value = Value::Integer(0);

/// What is known of a kind on a target.
#[derive(Clone, Debug, PartialEq)]
pub struct KindOnTarget {
    pub target: String,
    pub name: String,
    /// How the last run ended: an outcome, `partly`, or `never`.
    pub state: String,
    pub gaps: Vec<Gap>,
    pub newest: Option<DocumentRow>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Part<T> {
    pub rows: Vec<T>,
    /// Rows that fit, on all parts.
    pub fitting: u64,
    /// Rows that there are, whatever fits.
    pub all: u64,
}

impl Views {
    /// Targets; fields: those of their list. `now` is nothing to them.
    pub fn targets_asked(&self, asked: &Asked) -> Result<Part<TargetRow>, ViewsError> {
        self.part(&TARGETS, asked, &NOTHING, super::evidence::target)
    }

    pub fn each_target_asked<E: From<ViewsError>>(
        &self,
        asked: &Asked,
        mut each: impl FnMut(TargetRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(&TARGETS, asked, &NOTHING, super::evidence::target, &mut each)
    }

    /// The newest document of each kind on each target, with the target's name.
    pub fn documents_asked(
        &self,
        asked: &Asked,
    ) -> Result<Part<(DocumentRow, String)>, ViewsError> {
        self.part(&DOCUMENTS, asked, &NOTHING, named_document)
    }

    /// One kind on every target.
    pub fn kind_asked(&self, kind: &str, asked: &Asked) -> Result<Part<KindOnTarget>, ViewsError> {
        self.part(&KIND, asked, &Value::Text(kind.to_owned()), kind_on_target)
    }

    pub fn each_kind_asked<E: From<ViewsError>>(
        &self,
        kind: &str,
        asked: &Asked,
        mut each: impl FnMut(KindOnTarget) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(&KIND, asked, &Value::Text(kind.to_owned()), kind_on_target, &mut each)
    }

    /// Agents, with the number of kinds that each could not, or not wholly, see; who is silent follows from `now`.
    pub fn agents_asked(
        &self,
        asked: &Asked,
        now: jiff::Timestamp,
    ) -> Result<Part<(AgentRow, u64)>, ViewsError> {
        self.part(&AGENTS, asked, &Value::Integer(now.as_millisecond()), seeing_agent)
    }

    pub fn each_agent_asked<E: From<ViewsError>>(
        &self,
        asked: &Asked,
        now: jiff::Timestamp,
        mut each: impl FnMut((AgentRow, u64)) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(&AGENTS, asked, &Value::Integer(now.as_millisecond()), seeing_agent, &mut each)
    }

    /// What people did and what the collector noticed: entries that agents did not send.
    pub fn done_asked(&self, asked: &Asked) -> Result<Part<EntryRow>, ViewsError> {
        self.part(&DONE, asked, &NOTHING, super::entries::entry)
    }

    pub fn each_done_asked<E: From<ViewsError>>(
        &self,
        asked: &Asked,
        mut each: impl FnMut(EntryRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(&DONE, asked, &NOTHING, super::entries::entry, &mut each)
    }

    /// Findings that turned `between` two entries, of which there are so many.
    pub(in crate::views) fn turns_asked<T>(
        &self,
        between: &Value,
        (asked, all): (&Asked, u64),
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Part<T>, ViewsError> {
        self.part_of(&TURNED, (asked, Some(all)), between, read)
    }

    pub(in crate::views) fn each_turn_asked<T, E: From<ViewsError>>(
        &self,
        between: &Value,
        asked: &Asked,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        mut each: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(&TURNED, asked, between, read, &mut each)
    }

    /// Who is named by such entries.
    pub fn doers(&self) -> Result<Vec<String>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT DISTINCT by_whom FROM entries WHERE by_whom IS NOT NULL ORDER BY by_whom",
            )?;
            Ok(ask.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Whether so many documents are sorted by the field while somebody waits.
    pub fn sorts_documents(&self, field: &str, fitting: u64) -> bool {
        fitting <= SORTED || DOCUMENTS.sorts.is_none_or(|sorts| sorts.contains(&field))
    }

    /// How many documents fit.
    pub fn documents_fitting(&self, asked: &Asked) -> Result<u64, ViewsError> {
        let asked = Asked { order: None, offset: 0, limit: Some(0), ..asked.clone() };
        Ok(self.documents_asked(&asked)?.fitting)
    }

    fn part<T>(
        &self,
        shape: &Shape,
        asked: &Asked,
        about: &Value,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Part<T>, ViewsError> {
        self.part_of(shape, (asked, None), about, read)
    }

    /// `known`: how many rows there are, where that was counted otherwise.
    fn part_of<T>(
        &self,
        shape: &Shape,
        (asked, known): (&Asked, Option<u64>),
        about: &Value,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Part<T>, ViewsError> {
        self.at_once(|connection| {
            let all = match (known, shape.all) {
                (Some(known), _) => known,
                (None, Some(kept)) => unsigned(connection.query_row(kept, [], |row| row.get(0))?),
                (None, None) => shape.count(connection, &Asked::default(), about)?,
            };
            let fitting = match asked.is_everything() {
                true => all,
                false => shape.count(connection, asked, about)?,
            };
            let mut rows = Vec::new();
            let push = &mut |row| {
                rows.push(row);
                Ok::<_, ViewsError>(())
            };
            shape.each((connection, about), asked, read, push)??;
            Ok(Part { rows, fitting, all })
        })
    }

    fn all<T, E: From<ViewsError>>(
        &self,
        shape: &Shape,
        asked: &Asked,
        about: &Value,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        each: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ended = Ok(());
        self.read(|connection| {
            ended = shape.each((connection, about), asked, read, each)?;
            Ok(())
        })?;
        ended
    }
}

fn named_document(row: &Row<'_>) -> rusqlite::Result<(DocumentRow, String)> {
    Ok((super::evidence::document(row)?, row.get(12)?))
}

fn seeing_agent(row: &Row<'_>) -> rusqlite::Result<(AgentRow, u64)> {
    Ok((super::agents::agent(row)?, unsigned(row.get(24)?)))
}

fn kind_on_target(row: &Row<'_>) -> rusqlite::Result<KindOnTarget> {
    let gaps: String = row.get(3)?;
    let newest = match row.get::<_, Option<String>>(4)? {
        Some(_) => Some(super::evidence::document_at(row, 4)?),
        None => None,
    };
    let gaps = serde_json::from_str(&gaps).unwrap_or_default();
    Ok(KindOnTarget { target: row.get(0)?, name: row.get(1)?, state: row.get(2)?, gaps, newest })
}
