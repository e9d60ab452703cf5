//! For a spreadsheet: a line for each row, a column for each environment.

use super::Shown;
use crate::matrix::{Cell, Row};
use crate::report::words::clean;

pub(super) fn text(shown: Shown<'_>) -> String {
    let environments = shown.matrix.environments.iter();
    let names = environments.map(|column| column.name.clone());
    let first = ["severity", "rule", "resource", "field"].map(str::to_owned);
    let head = line(first.into_iter().chain(names));
    let row = |row: &Row<'_>| {
        let resource = row
            .resource
            .map_or_else(|| row.subject.clone(), ToString::to_string);
        let first = [
            row.severity.name().to_owned(),
            row.rule.to_string(),
            resource,
            row.field.to_owned(),
        ];
        let state = |cell: &Cell<'_>| match cell.finding {
            Some(finding) => format!("finding {}", shown.place(finding)),
            None => cell.state.name().to_owned(),
        };
        line(first.into_iter().chain(row.cells.iter().map(state)))
    };
    head + &shown.matrix.rows.iter().map(row).collect::<String>()
}

fn line(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|field| quoted(&field)).collect();
    fields.join(",") + "\n"
}

/// A field that a spreadsheet reads as text, never as a formula.
fn quoted(field: &str) -> String {
    let field = clean(field);
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t']);
    let before = if is_formula { "'" } else { "" };
    match is_formula || field.contains([',', '"', ';']) {
        true => format!("\"{before}{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_field_is_a_formula_or_two() {
        assert_eq!(quoted("a b"), "a b");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("a\r\nb"), "a? b");
    }
}
