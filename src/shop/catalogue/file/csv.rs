//! CSV: a header with the names of the columns, then a product a line. An empty cell is a field that is not there.

use super::check::{DAYS, DOWNLOADS, MOST, STARS, is_known};
use super::{Field, Found, LineStarts, Problem, Raw, Value};

/// Finds the products. What can't be read goes to `problems`.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Found {
    let mut found = Found::default();
    let header = text.lines().next().unwrap_or_default();
    // A spreadsheet whose decimal sign is a comma writes semicolons.
    let delimiter = if header.contains(';') && !header.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let starts = LineStarts::of(text.as_bytes());
    // The reader counts a record from the end of the one before it: the line feed of a CRLF and empty lines come first.
    let line_of = |at: Option<&::csv::Position>| {
        let byte = at.map_or(0, |at| at.byte() as usize);
        let rest = text.as_bytes().get(byte..).unwrap_or_default();
        let feeds = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        starts.line(byte + feeds.count())
    };
    let mut columns: Option<Vec<String>> = None;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = line_of(error.position());
                let what = error.to_string();
                problems.push(Problem { line, what });
                break;
            }
        };
        let line = line_of(record.position());
        let Some(columns) = &columns else {
            columns = Some(header_of(&record, line, problems));
            continue;
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() > columns.len() {
            let what = format!(
                "{} cells, expected {} as in the first line: put texts with the separator into double quotes",
                record.len(),
                columns.len()
            );
            problems.push(Problem { line, what });
            continue;
        }
        let cells = columns.iter().zip(record.iter());
        let fields = cells
            .filter(|(_, cell)| !cell.is_empty())
            .filter(|(name, _)| is_known(name))
            .map(|(name, cell)| Field {
                name: name.clone(),
                value: value(name, cell),
                line,
            })
            .collect();
        found.products.push(Raw { line, fields });
    }
    found
}

/// The columns' names. A wrong one is told here once, not again on each line.
fn header_of(
    record: &::csv::StringRecord,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let names: Vec<String> = record.iter().map(str::to_owned).collect();
    for (at, name) in names.iter().enumerate() {
        let what = if name.is_empty() {
            format!("column {} has no name", at + 1)
        } else if names[..at].contains(name) {
            format!("the column {name} stands there twice")
        } else if is_known(name) {
            continue;
        } else {
            super::check::unknown(name)
        };
        problems.push(Problem { line, what });
    }
    names
}

fn value(name: &str, cell: &str) -> Value {
    match cell.parse() {
        Ok(number) if [STARS, MOST, DOWNLOADS, DAYS].contains(&name) => Value::Whole(number),
        _ => Value::Text(cell.to_owned()),
    }
}
