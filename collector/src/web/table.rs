//! One kind of list for every page: sorted, filtered and paged by the query string, the same rows as CSV. Never asks
//! the views itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use askama::Template;

use super::terms;
use super::words::{Moment, Word};
use crate::report::csv::harmless;

/// Rows on one page.
pub(super) const PAGE_ROWS: usize = 100;

/// Query parameters of a request.
pub(super) type Query = BTreeMap<String, String>;

/// A list before anybody sorted or filtered it.
pub(super) struct Table {
    /// Distinguishes its parameters when a page has several; `main` has none.
    pub(super) id: &'static str,
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What to do when there are no rows at all.
    pub(super) empty: &'static str,
    /// Address of the same list as CSV, if it has one.
    pub(super) csv: Option<String>,
}

/// What a page says of rows that are not on it.
pub(super) struct Counted {
    pub(super) total: usize,
    pub(super) fitting: usize,
    /// Of a column, what it may be chosen by.
    pub(super) choices: Vec<(&'static str, Vec<String>)>,
    /// Columns that so many rows are not sorted by.
    pub(super) unsorted: &'static [&'static str],
}

pub(super) struct Column {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    /// Offers the values that occur as a choice.
    pub(super) choice: bool,
    pub(super) numeric: bool,
    /// Holds sentences: it is given room before the others are.
    pub(super) wide: bool,
}

/// One cell: what is shown, sorted by and exported.
#[derive(Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// What it is sorted by, if not its text.
    pub(super) sort: Option<String>,
    pub(super) href: Option<String>,
    /// What stands in the CSV, if not the text.
    pub(super) export: Option<String>,
    /// Small second line.
    pub(super) note: String,
    pub(super) word: Option<Word>,
    pub(super) moment: Option<Moment>,
    pub(super) code: bool,
    /// SVG of our own that stands before the text.
    pub(super) picture: String,
    /// What can be done about the row.
    pub(super) act: Option<Act>,
}

/// A button of a row: a form of ours.
#[derive(Clone)]
pub(super) struct Act {
    pub(super) action: &'static str,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) label: &'static str,
    /// What it is done to, for whoever does not see the row.
    pub(super) of: String,
}

pub(super) fn column(key: &'static str, label: &'static str) -> Column {
    Column { key, label, choice: false, numeric: false, wide: false }
}

pub(super) fn choice(key: &'static str, label: &'static str) -> Column {
    Column { key, label, choice: true, numeric: false, wide: false }
}

pub(super) fn number(key: &'static str, label: &'static str) -> Column {
    Column { key, label, choice: false, numeric: true, wide: false }
}

/// A column of titles or sentences.
pub(super) fn wide(key: &'static str, label: &'static str) -> Column {
    Column { key, label, choice: false, numeric: false, wide: true }
}

pub(super) fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), ..Cell::default() }
}

pub(super) fn code(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), code: true, ..Cell::default() }
}

pub(super) fn count(number: u64) -> Cell {
    Cell { text: number.to_string(), sort: Some(format!("{number:020}")), ..Cell::default() }
}

pub(super) fn word(word: Word) -> Cell {
    let sort = Some(format!("{:02}", word.order));
    Cell { text: word.label.to_owned(), sort, word: Some(word), ..Cell::default() }
}

pub(super) fn moment(moment: Option<Moment>) -> Cell {
    match moment {
        Some(moment) => {
            let (text, sort) = (moment.iso.clone(), Some(moment.iso.clone()));
            Cell { text, sort, moment: Some(moment), ..Cell::default() }
        }
        None => text("never"),
    }
}

impl Cell {
    pub(super) fn link(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(super) fn act(mut self, act: Option<Act>) -> Self {
        self.act = act;
        self
    }

    /// Shows a picture of ours before the text.
    pub(super) fn picture(mut self, svg: String) -> Self {
        self.picture = svg;
        self
    }

    pub(super) fn export(mut self, export: impl Into<String>) -> Self {
        self.export = Some(export.into());
        self
    }

    pub(super) fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    fn sort_key(&self) -> String {
        self.sort.clone().unwrap_or_else(|| self.text.to_lowercase())
    }
}

/// The list as it is shown.
#[derive(Template)]
#[template(path = "table.html")]
pub(super) struct TableView {
    id: &'static str,
    caption: String,
    heads: Vec<Head>,
    choices: Vec<Choice>,
    rows: Vec<Vec<Cell>>,
    /// Everything is on the page, so that the browser alone can sort and filter.
    whole: bool,
    total: usize,
    matching: usize,
    q: String,
    q_name: String,
    sort_name: String,
    sort_value: String,
    kept: Vec<(String, String)>,
    empty: &'static str,
    csv: Option<String>,
    page: usize,
    pages: usize,
    previous: Option<String>,
    next: Option<String>,
}

struct Head {
    label: &'static str,
    /// Empty where the list is not sorted by it.
    href: String,
    /// `ascending`, `descending` or nothing.
    aria: &'static str,
    /// How its cells are set.
    class: &'static str,
    /// Where the help page explains it.
    help: Option<&'static str>,
}

struct Choice {
    name: String,
    label: &'static str,
    column: usize,
    options: Vec<(String, bool)>,
}

impl Table {
    fn name(&self, key: &str) -> String {
        if self.id == "main" { key.to_owned() } else { format!("{}-{key}", self.id) }
    }

    /// Places of the rows that the query asks for.
    pub(super) fn fitting(&self, query: &Query) -> Vec<usize> {
        let needle = query.get(&self.name("q")).map(|q| q.trim().to_lowercase());
        let needle = needle.filter(|needle| !needle.is_empty());
        let chosen: Vec<(usize, &String)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.choice)
            .filter_map(|(at, column)| query.get(&self.name(column.key)).map(|value| (at, value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let fits = |row: &[Cell]| {
            let chosen_fit = chosen
                .iter()
                .all(|(at, value)| row.get(*at).is_some_and(|cell| cell.text == **value));
            chosen_fit
                && needle.as_ref().is_none_or(|needle| {
                    row.iter().any(|cell| {
                        cell.text.to_lowercase().contains(needle)
                            || cell.note.to_lowercase().contains(needle)
                            || cell.export.as_ref().is_some_and(|e| e.contains(needle))
                    })
                })
        };
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| fits(row)).map(|(place, _)| place).collect()
    }

    /// Rows that the query asks for, in its order.
    fn select(&self, query: &Query) -> Vec<Vec<Cell>> {
        let fitting = self.fitting(query).into_iter();
        let mut rows: Vec<Vec<Cell>> =
            fitting.filter_map(|place| self.rows.get(place).cloned()).collect();
        if let Some((at, descending)) = self.order(query) {
            rows.sort_by_key(|row| row.get(at).map(Cell::sort_key));
            if descending {
                rows.reverse();
            }
        }
        rows
    }

    /// The texts of the first column, of the rows that the query asks for.
    pub(super) fn matching(&self, query: &Query) -> BTreeSet<String> {
        let rows = self.select(query).into_iter();
        rows.filter_map(|row| row.into_iter().next()).map(|cell| cell.text).collect()
    }

    fn order(&self, query: &Query) -> Option<(usize, bool)> {
        let sort = query.get(&self.name("sort"))?;
        let (key, descending) =
            sort.strip_prefix('-').map_or((sort.as_str(), false), |k| (k, true));
        let at = self.columns.iter().position(|column| column.key == key)?;
        Some((at, descending))
    }

    pub(super) fn view(self, path: &str, query: &Query) -> TableView {
        self.viewed(path, query, None)
    }

    /// The list as it is shown; `counted`: its rows are those of one page already, in order.
    pub(super) fn viewed(
        mut self,
        path: &str,
        query: &Query,
        counted: Option<Counted>,
    ) -> TableView {
        let order = self.order(query);
        let choices = self.choices(query, counted.as_ref());
        let is_part = counted.is_some();
        let unsorted = counted.as_ref().map_or(&[][..], |counted| counted.unsorted);
        let (rows, total, matching) = match counted {
            Some(counted) => (std::mem::take(&mut self.rows), counted.total, counted.fitting),
            None => {
                let (rows, total) = (self.select(query), self.rows.len());
                let matching = rows.len();
                (rows, total, matching)
            }
        };
        let pages = matching.div_ceil(PAGE_ROWS).max(1);
        let page_name = self.name("page");
        let page = query.get(&page_name).and_then(|page| page.parse().ok()).unwrap_or(1);
        let page: usize = std::cmp::Ord::clamp(page, 1, pages);
        let with = |name: &str, value: &str| address(path, query, name, value);
        let heads = self.columns.iter().enumerate().map(|(at, column)| {
            let (aria, descend) = match order {
                Some((sorted, false)) if sorted == at => ("ascending", "-"),
                Some((sorted, true)) if sorted == at => ("descending", ""),
                Some(_) | None => ("", ""),
            };
            let href = match unsorted.contains(&column.key) {
                true => String::new(),
                false => with(&self.name("sort"), &format!("{descend}{}", column.key)),
            };
            let class = match (column.numeric, column.wide) {
                (true, _) => "n",
                (false, true) => "wide",
                (false, false) => "",
            };
            Head { label: column.label, href, aria, class, help: terms::of(column.label) }
        });
        let own: BTreeSet<String> = self
            .columns
            .iter()
            .filter(|column| column.choice)
            .map(|column| self.name(column.key))
            .chain(["q", "page", "sort"].map(|key| self.name(key)))
            .collect();
        let kept = query.iter().filter(|(name, _)| !own.contains(*name));
        let whole = total <= PAGE_ROWS;
        let skipped = if is_part { 0 } else { (page - 1) * PAGE_ROWS };
        TableView {
            heads: heads.collect(),
            choices,
            whole,
            total,
            matching,
            q: query.get(&self.name("q")).cloned().unwrap_or_default(),
            q_name: self.name("q"),
            sort_name: self.name("sort"),
            sort_value: query.get(&self.name("sort")).cloned().unwrap_or_default(),
            kept: kept.map(|(name, value)| (name.clone(), value.clone())).collect(),
            csv: self.csv.as_ref().map(|csv| address(csv, query, "page", "")),
            previous: (page > 1).then(|| with(&page_name, &(page - 1).to_string())),
            next: (page < pages).then(|| with(&page_name, &(page + 1).to_string())),
            rows: rows.into_iter().skip(skipped).take(PAGE_ROWS).collect(),
            id: self.id,
            caption: self.caption,
            empty: self.empty,
            page,
            pages,
        }
    }

    fn choices(&self, query: &Query, counted: Option<&Counted>) -> Vec<Choice> {
        let columns = self.columns.iter().enumerate().filter(|(_, column)| column.choice);
        let choices = columns.map(|(at, column)| {
            let name = self.name(column.key);
            let chosen = query.get(&name).cloned().unwrap_or_default();
            let values = match counted {
                Some(counted) => counted.values(column.key),
                None => self.values(at),
            };
            let options = values.into_iter().map(|value| {
                let is_chosen = value == chosen;
                (value, is_chosen)
            });
            Choice { name, label: column.label, column: at, options: options.collect() }
        });
        choices.filter(|choice| choice.options.len() > 1).collect()
    }

    /// The values of a column, in its order.
    fn values(&self, at: usize) -> Vec<String> {
        let cells = self.rows.iter().filter_map(|row| row.get(at));
        let values: BTreeSet<(String, String)> =
            cells.map(|cell| (cell.sort_key(), cell.text.clone())).collect();
        values.into_iter().map(|(_, value)| value).collect()
    }

    /// The same rows as CSV (RFC 4180).
    pub(super) fn csv(&self, query: &Query) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let heads = self.columns.iter().map(|column| column.key.to_owned());
        let mut records = vec![heads.collect::<Vec<_>>()];
        for row in self.select(query) {
            let cells = row.iter().map(|cell| cell.export.as_ref().unwrap_or(&cell.text));
            records.push(cells.map(|cell| harmless(cell)).collect());
        }
        for record in records {
            // Writing into memory cannot fail, and all records have the same width.
            if writer.write_record(&record).is_err() {
                break;
            }
        }
        writer.into_inner().unwrap_or_default()
    }
}

impl Counted {
    fn values(&self, key: &str) -> Vec<String> {
        let of = self.choices.iter().find(|(column, _)| *column == key);
        of.map(|(_, values)| values.clone()).unwrap_or_default()
    }
}

/// The present address with one parameter changed (an empty value removes it).
fn address(path: &str, query: &Query, name: &str, value: &str) -> String {
    let mut out = path.to_owned();
    let mut first = true;
    let mut put = |name: &str, value: &str| {
        let mark = if std::mem::take(&mut first) { '?' } else { '&' };
        // Writing into a String cannot fail.
        write!(out, "{mark}{}={}", encode(name), encode(value)).unwrap_or_default();
    };
    for (other, kept) in query {
        if other != name && !other.ends_with("page") && !kept.is_empty() {
            put(other, kept);
        }
    }
    if !value.is_empty() {
        put(name, value);
    }
    out
}

/// Percent-encodes one part of an address (RFC 3986 §2.3: unreserved characters stay).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name: &str, number: u64| vec![text(name), count(number)];
        Table {
            id: "main",
            caption: "things".into(),
            columns: vec![choice("name", "Name"), number("n", "N")],
            rows: vec![row("beta", 9), row("=alpha", 10), row("gamma", 100)],
            empty: "nothing",
            csv: Some("/things.csv".into()),
        }
    }

    fn query(pairs: &[(&str, &str)]) -> Query {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn numbers_sort_as_numbers_and_filters_narrow() {
        let names = |pairs: &[(&str, &str)]| -> Vec<String> {
            table().select(&query(pairs)).into_iter().map(|row| row[0].text.clone()).collect()
        };
        assert_eq!(names(&[("sort", "-n")]), ["gamma", "=alpha", "beta"]);
        assert_eq!(names(&[("q", "ALPHA")]), ["=alpha"]);
        assert_eq!(names(&[("name", "beta")]), ["beta"]);
        assert_eq!(names(&[("sort", "no such column")]).len(), 3);
    }

    #[test]
    fn formulas_are_made_harmless() {
        let csv = String::from_utf8(table().csv(&Query::new())).unwrap();
        assert_eq!(csv, "name,n\nbeta,9\n'=alpha,10\ngamma,100\n");
    }

    #[test]
    fn addresses_keep_other_parameters_and_escape() {
        let query = query(&[("q", "a b&c"), ("page", "3")]);
        assert_eq!(address("/x", &query, "sort", "n"), "/x?q=a%20b%26c&sort=n");
        assert_eq!(encode("host:a/b"), "host:a%2Fb");
    }
}
