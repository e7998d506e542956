//! Layout: headings, paragraphs and tables on pages, top to bottom. It decides where things stand and what they mean to a
//! reading program; it draws nothing.

use super::letters::Letters;

/// Millimetres would do as well: points, 72 to the inch, from the top left.
pub(super) const MARGIN: f32 = 42.0;
/// Room for the foot of a page.
const FOOT: f32 = 34.0;
const LEADING: f32 = 1.32;
/// Room inside a cell, at its sides and above and below.
const PAD: (f32, f32) = (4.0, 3.0);

/// Colours that stay apart in print, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ink {
    Text,
    Quiet,
    Good,
    Bad,
    Warn,
    Unknown,
}

/// What a piece of the page means: nodes of the tag tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Title,
    Heading(u16),
    Paragraph,
    List,
    Item,
    Table,
    Row,
    Head,
    Cell,
}

pub(super) struct Node {
    pub(super) role: Role,
    pub(super) parent: Option<usize>,
    pub(super) title: String,
}

/// Something on a page.
pub(super) enum Piece {
    Text { at: (f32, f32), size: f32, bold: bool, ink: Ink, text: String, node: Option<usize> },
    Fill { at: (f32, f32), extent: (f32, f32), shade: u8 },
    Rule { from: (f32, f32), to: (f32, f32) },
}

/// A cell of a table.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) bold: bool,
    pub(super) ink: Ink,
    /// Small text below.
    pub(super) note: String,
}

/// A column: its head and its share of the width.
pub(super) type Heads<'a> = &'a [(&'a str, f32)];

pub(super) struct Paper {
    pub(super) size: (f32, f32),
    pub(super) pages: Vec<Vec<Piece>>,
    pub(super) nodes: Vec<Node>,
    /// Headings of the first level: text, page, place.
    pub(super) outline: Vec<(String, usize, f32)>,
    pub(super) lacking: bool,
    regular: Letters,
    bold: Letters,
    y: f32,
}

impl Paper {
    pub(super) fn new(size: (f32, f32), regular: Letters, bold: Letters) -> Self {
        let (nodes, outline) = (Vec::new(), Vec::new());
        let (pages, lacking) = (vec![Vec::new()], false);
        Self { size, pages, nodes, outline, lacking, regular, bold, y: MARGIN }
    }

    fn width(&self) -> f32 {
        self.size.0 - 2.0 * MARGIN
    }

    fn bottom(&self) -> f32 {
        self.size.1 - MARGIN - FOOT
    }

    fn letters(&self, bold: bool) -> &Letters {
        if bold { &self.bold } else { &self.regular }
    }

    fn put(&mut self, piece: Piece) {
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }

    pub(super) fn node(&mut self, role: Role, parent: Option<usize>) -> usize {
        self.nodes.push(Node { role, parent, title: String::new() });
        self.nodes.len() - 1
    }

    /// Begins a page unless so much room is left.
    pub(super) fn need(&mut self, room: f32) {
        if self.y + room > self.bottom() && self.y > MARGIN {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    pub(super) fn gap(&mut self, room: f32) {
        self.y += room;
    }

    /// A text over the whole width, line by line.
    fn text(&mut self, text: &str, (size, bold, ink): (f32, bool, Ink), indent: f32, node: usize) {
        self.lacking |= self.letters(bold).lacks(text);
        for line in self.letters(bold).lines(text, size, self.width() - indent) {
            self.need(size * LEADING);
            let at = (MARGIN + indent, self.y + size);
            self.put(Piece::Text { at, size, bold, ink, text: line, node: Some(node) });
            self.y += size * LEADING;
        }
    }

    pub(super) fn title(&mut self, text: &str) {
        let node = self.node(Role::Title, None);
        self.text(text, (20.0, true, Ink::Text), 0.0, node);
        self.y += 4.0;
    }

    /// A heading; `level` 1 stands in the outline. `room` must be left below it on its page.
    pub(super) fn heading(&mut self, level: u16, text: &str, room: f32) {
        let size = if level == 1 { 14.0 } else { 10.5 };
        self.y += if level == 1 { 14.0 } else { 9.0 };
        self.need(size * LEADING + room);
        let node = self.node(Role::Heading(level), None);
        if level == 1 {
            self.outline.push((text.to_owned(), self.pages.len() - 1, self.y));
        }
        if let Some(node) = self.nodes.get_mut(node) {
            text.clone_into(&mut node.title);
        }
        self.text(text, (size, true, Ink::Text), 0.0, node);
        self.y += 2.0;
    }

    pub(super) fn paragraph(&mut self, text: &str, ink: Ink) {
        let node = self.node(Role::Paragraph, None);
        self.text(text, (8.5, false, ink), 0.0, node);
        self.y += 3.0;
    }

    pub(super) fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            return;
        }
        let list = self.node(Role::List, None);
        for item in items {
            let node = self.node(Role::Item, Some(list));
            self.need(8.0 * LEADING);
            let at = (MARGIN + 2.0, self.y + 8.0);
            let (ink, text) = (Ink::Quiet, "–".to_owned());
            self.put(Piece::Text { at, size: 8.0, bold: false, ink, text, node: None });
            self.text(item, (8.0, false, Ink::Text), 11.0, node);
        }
        self.y += 3.0;
    }

    /// A table; its heads stand again on each page that it reaches.
    pub(super) fn table(&mut self, heads: Heads<'_>, rows: &[Vec<Cell>]) {
        let table = self.node(Role::Table, None);
        let shares: f32 = heads.iter().map(|(_, share)| share).sum();
        let widths: Vec<f32> =
            heads.iter().map(|(_, share)| self.width() * share / shares).collect();
        let labels: Vec<Cell> = heads.iter().map(|(label, _)| cell(*label).bold()).collect();
        self.need(46.0);
        let row = self.node(Role::Row, Some(table));
        self.row(&labels, &widths, Some((row, Role::Head)));
        for cells in rows {
            let height = self.height(cells, &widths);
            if self.y + height > self.bottom() {
                let pages = self.pages.len();
                self.need(height.min(self.bottom() - 2.0 * MARGIN));
                if self.pages.len() > pages {
                    self.row(&labels, &widths, None);
                }
            }
            let row = self.node(Role::Row, Some(table));
            self.row(cells, &widths, Some((row, Role::Cell)));
        }
        self.y += 6.0;
    }

    fn cell_lines(&self, cell: &Cell, width: f32) -> (Vec<String>, Vec<String>) {
        let room = width - 2.0 * PAD.0;
        let text = self.letters(cell.bold).lines(&cell.text, 7.5, room);
        let note = match cell.note.as_str() {
            "" => Vec::new(),
            note => self.regular.lines(note, 6.5, room),
        };
        (text, note)
    }

    fn height(&self, cells: &[Cell], widths: &[f32]) -> f32 {
        let heights = cells.iter().zip(widths).map(|(cell, width)| {
            let (text, note) = self.cell_lines(cell, *width);
            lines_high(text.len(), 7.5) + lines_high(note.len(), 6.5)
        });
        heights.fold(0.0, f32::max) + 2.0 * PAD.1
    }

    /// `meaning` none: heads that stand again, which a reading program skips.
    fn row(&mut self, cells: &[Cell], widths: &[f32], meaning: Option<(usize, Role)>) {
        let head = meaning.is_none_or(|(_, role)| role == Role::Head);
        let height = self.height(cells, widths);
        let top = self.y;
        if head {
            let extent = (self.width(), height);
            self.put(Piece::Fill { at: (MARGIN, top), extent, shade: 232 });
        }
        let mut x = MARGIN;
        for (cell, width) in cells.iter().zip(widths) {
            let node = meaning.map(|(row, role)| self.node(role, Some(row)));
            self.lacking |=
                self.letters(cell.bold).lacks(&cell.text) || self.regular.lacks(&cell.note);
            let (text, note) = self.cell_lines(cell, *width);
            let mut y = top + PAD.1;
            let lines = text.into_iter().map(|line| (line, 7.5, cell.bold, cell.ink));
            let lines = lines.chain(note.into_iter().map(|line| (line, 6.5, false, Ink::Quiet)));
            for (text, size, bold, ink) in lines {
                let at = (x + PAD.0, y + size);
                self.put(Piece::Text { at, size, bold, ink, text, node });
                y += size * LEADING;
            }
            x += width;
        }
        self.y = top + height;
        let (from, to) = ((MARGIN, self.y), (MARGIN + self.width(), self.y));
        self.put(Piece::Rule { from, to });
    }

    /// The foot of each page: what it is, and which of how many.
    pub(super) fn feet(&mut self, left: &[String; 2]) {
        let (count, y) = (self.pages.len(), self.size.1 - MARGIN);
        for at in 0..count {
            let right = format!("Page {} of {count}", at + 1);
            let wide = self.regular.width(&right, 6.5);
            let x = self.size.0 - MARGIN - wide;
            let line = |x: f32, y: f32, text: &str| Piece::Text {
                at: (x, y),
                size: 6.5,
                bold: false,
                ink: Ink::Quiet,
                text: text.to_owned(),
                node: None,
            };
            let [first, second] = left.each_ref().map(|text| self.regular.shown(text));
            let pieces =
                [line(MARGIN, y - 9.0, &first), line(MARGIN, y, &second), line(x, y, &right)];
            let top = (y - 20.0, self.size.0 - MARGIN);
            if let Some(page) = self.pages.get_mut(at) {
                page.push(Piece::Rule { from: (MARGIN, top.0), to: (top.1, top.0) });
                page.extend(pieces);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a cell has few lines")]
fn lines_high(lines: usize, size: f32) -> f32 {
    lines as f32 * size * LEADING
}

pub(super) fn cell(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), bold: false, ink: Ink::Text, note: String::new() }
}

impl Cell {
    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}
