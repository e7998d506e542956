//! Lists of requests as CSV, as auditors bring them and take them home. A list with one bad row is refused as a whole, with every
//! bad row by its line.

use exhibit_assessment::decisions::{Audits, REQUEST, Request, RequestStatus, Said};
use exhibit_assessment::{ControlId, Framework};
use exhibit_proto::statement::{Act, Decision};

use crate::decisions::moment;
use crate::report::csv::harmless;

/// Most requests of one list.
pub const MAX_ROWS: usize = 2000;
/// Columns that a list may have; `request` must be there.
const COLUMNS: [&str; 5] = ["number", "request", "controls", "due", "owner"];
/// Columns that a list of ours has besides. What was answered elsewhere is no answer here, so they are not read.
const WRITTEN: [&str; 6] = ["id", "status", "answer", "evidence", "files", "comments"];
/// Longest text of one cell, in bytes: it has room in a decision.
const MAX_CELL: usize = 10_000;

/// One request out of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub line: u64,
    pub request: Request,
}

impl Imported {
    /// The decision that makes it.
    pub fn decision(self, id: String, by: &str, reason: &str) -> Decision {
        Decision {
            register: REQUEST.to_owned(),
            id,
            after: None,
            act: Act::Put,
            value: serde_json::to_value(self.request).ok(),
            by: by.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// Why a row cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    pub line: u64,
    pub why: String,
}

/// The requests of a list, for `audit`; or everything that is wrong with it.
pub fn requests(
    framework: &Framework,
    audit: &str,
    bytes: &[u8],
) -> Result<Vec<Imported>, Vec<BadRow>> {
    let bad = |line: u64, why: String| BadRow { line, why };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if std::str::from_utf8(bytes).is_err() {
        return Err(vec![bad(1, "the file is not UTF-8; save it as CSV in UTF-8".to_owned())]);
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Programs in many languages write semicolons.
    let semicolons = first.contains(&b';') && !first.contains(&b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let heads = match reader.headers() {
        Ok(heads) => heads.iter().map(str::to_lowercase).collect::<Vec<String>>(),
        Err(error) => return Err(vec![bad(1, error.to_string())]),
    };
    let place = |name: &str| heads.iter().position(|head| head == name);
    let known = |head: &str| COLUMNS.contains(&head) || WRITTEN.contains(&head);
    let unknown = heads.iter().find(|head| !known(head));
    if place("request").is_none() || unknown.is_some() {
        let found = heads.join(", ");
        let why = format!(
            "the first line must name columns out of {}; found {found:?}",
            COLUMNS.join(", ")
        );
        return Err(vec![bad(1, why)]);
    }
    let (mut taken, mut wrong) = (Vec::new(), Vec::new());
    for (number, row) in (0..).zip(reader.records()) {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(number + 2, csv::Position::line);
                wrong.push(bad(line, "it has another number of cells than the first line".into()));
                continue;
            }
        };
        let line = row.position().map_or(number + 2, csv::Position::line);
        let cell = |name: &str| place(name).and_then(|at| row.get(at)).unwrap_or_default();
        match request(framework, audit, &cell) {
            Ok(request) => taken.push(Imported { line, request }),
            Err(why) => wrong.push(bad(line, why)),
        }
        if taken.len() + wrong.len() > MAX_ROWS {
            wrong.push(bad(line, format!("a list has at most {MAX_ROWS} requests; split it")));
            break;
        }
    }
    if taken.is_empty() && wrong.is_empty() {
        wrong.push(bad(1, "the list has no request".to_owned()));
    }
    if wrong.is_empty() { Ok(taken) } else { Err(wrong) }
}

fn request<'a>(
    framework: &Framework,
    audit: &str,
    cell: &dyn Fn(&str) -> &'a str,
) -> Result<Request, String> {
    let text = plain(cell("request"));
    if text.is_empty() {
        return Err("it asks for nothing: the cell `request` is empty".to_owned());
    }
    for name in COLUMNS {
        let text = cell(name);
        if text.len() > MAX_CELL {
            return Err(format!("the cell `{name}` has {} bytes: at most {MAX_CELL}", text.len()));
        }
        if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(format!("the cell `{name}` has control characters"));
        }
    }
    let ids = cell("controls").split([',', ';', ' ', '\n']).filter(|id| !id.is_empty());
    let control = |id: &str| {
        let known = id.parse::<ControlId>().ok().and_then(|id| framework.control(id));
        known.map(|control| control.id).ok_or_else(|| format!("{id:?} is no control like A.8.13"))
    };
    let due = Some(cell("due")).filter(|due| !due.is_empty());
    Ok(Request {
        audit: audit.to_owned(),
        number: Some(plain(cell("number"))).filter(|number| !number.is_empty()),
        text,
        controls: ids.map(control).collect::<Result<_, _>>()?,
        due: due.map(moment::until).transpose()?,
        owner: plain(cell("owner")),
        status: RequestStatus::Open,
        answer: String::new(),
        evidence: Vec::new(),
        files: Vec::new(),
    })
}

/// A cell without the mark that keeps a spreadsheet from reading it as a formula: lists that we wrote come back as they were.
fn plain(cell: &str) -> String {
    let bare = cell.strip_prefix('\'').filter(|bare| harmless(bare) == cell);
    bare.unwrap_or(cell).to_owned()
}

/// The requests of an audit, with what was answered.
pub fn written(room: &Audits, audit: &str) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let heads = [
        "id", "number", "request", "controls", "due", "owner", "status", "answer", "evidence",
        "files", "comments",
    ];
    // Writing to memory cannot fail, and every row has as many cells.
    let mut put = |cells: Vec<String>| out.write_record(cells.iter().map(|cell| harmless(cell)));
    let mut written = put(heads.map(str::to_owned).to_vec());
    for (id, one) in room.requests.iter().filter(|(_, one)| one.audit == audit) {
        let evidence = one.evidence.iter();
        let evidence = evidence.map(|at| format!("{} {} {}", at.entry, at.kind, at.target));
        let files = one.files.iter().map(|file| format!("{} sha256 {}", file.file, file.digest));
        let said = |said: &Said| format!("{} ({}): {}", said.by, said.at, said.comment.text);
        let controls: Vec<String> = one.controls.iter().map(ToString::to_string).collect();
        written = written.and_then(|()| {
            put(vec![
                id.clone(),
                one.number.clone().unwrap_or_default(),
                one.text.clone(),
                controls.join(", "),
                one.due.map(|due| due.to_string()).unwrap_or_default(),
                one.owner.clone(),
                one.status.as_str().to_owned(),
                one.answer.clone(),
                evidence.collect::<Vec<_>>().join("\n"),
                files.collect::<Vec<_>>().join("\n"),
                room.on(id).map(said).collect::<Vec<_>>().join("\n"),
            ])
        });
    }
    written.ok().and_then(|()| out.into_inner().ok()).unwrap_or_default()
}
