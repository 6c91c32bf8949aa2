//! TOML: `[[category]]`, `[[family]]` and `[[product]]` tables.

use toml::de::{DeTable, DeValue};

use super::{Field, Found, LineStarts, Problem, Raw, Value};
use crate::spelling::{nearest, suggestion};

const TABLES: [&str; 3] = ["product", "category", "family"];

/// Finds the tables. What can't be read goes to `problems`.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Found {
    let mut found = Found::default();
    let starts = LineStarts::of(text.as_bytes());
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        problems.extend(errors.iter().map(|error| Problem {
            line: starts.line(error.span().map_or(0, |span| span.start)),
            what: error.message().to_owned(),
        }));
        return found;
    }
    for (name, value) in table.get_ref() {
        let line = starts.line(name.span().start);
        let name: &str = name.get_ref();
        if !TABLES.contains(&name) {
            let meant = suggestion(nearest(name, TABLES));
            problems.push(Problem {
                line,
                what: format!(
                    "{name} is unknown, expected [[product]], [[category]] or [[family]]{meant}"
                ),
            });
            continue;
        }
        let DeValue::Array(rows) = value.get_ref() else {
            problems.push(Problem {
                line,
                what: format!(
                    "{name} is no list of tables, expected [[{name}]] in double brackets"
                ),
            });
            continue;
        };
        for row in rows {
            let line = starts.line(row.span().start);
            let Some(table) = row.get_ref().as_table() else {
                problems.push(Problem {
                    line,
                    what: format!(
                        "{name} holds something else, expected [[{name}]] in double brackets"
                    ),
                });
                continue;
            };
            let mut fields = Vec::new();
            flatten("", table, &starts, &mut fields);
            let list = match name {
                "category" => &mut found.categories,
                "family" => &mut found.families,
                _ => &mut found.products,
            };
            list.push(Raw { line, fields });
        }
    }
    found
}

fn flatten(prefix: &str, table: &DeTable<'_>, starts: &LineStarts, fields: &mut Vec<Field>) {
    for (name, value) in table {
        let line = starts.line(name.span().start);
        let name = format!("{prefix}{}", name.get_ref());
        let value = match value.get_ref() {
            DeValue::Table(table) if !table.is_empty() => {
                flatten(&format!("{name}."), table, starts, fields);
                continue;
            }
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| Value::Other(digits.as_str().to_owned()), Value::Whole),
            DeValue::Float(digits) => Value::Other(digits.as_str().to_owned()),
            DeValue::Boolean(value) => Value::Other(value.to_string()),
            DeValue::Datetime(_) => Value::Other("a date".to_owned()),
            DeValue::Array(_) => Value::Other("a list".to_owned()),
            DeValue::Table(_) => Value::Other("an empty table".to_owned()),
        };
        fields.push(Field { name, value, line });
    }
}
