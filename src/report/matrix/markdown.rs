//! For a pull request.

use super::notes::notes;
use super::told::tell;
use super::{Options, Shown, legend, mark};
use crate::matrix::Row;
use crate::report::phrase::{Line, code};
use crate::report::text::summary;
use crate::report::words::many;

pub(super) fn text(shown: Shown<'_>, options: Options) -> String {
    let names = shown.names();
    let mut parts = vec!["## Findings by environment\n".to_owned()];
    let matrix = shown.matrix;
    if matrix.rows.is_empty() {
        parts.push("No findings.\n".to_owned());
    } else {
        let short: Vec<String> = names.short.iter().map(|name| cell(&code(name))).collect();
        let rule = "---|".repeat(3) + &":-:|".repeat(short.len()) + "---|";
        let head = format!(
            "| | rule | object | {} | where |\n|{rule}\n",
            short.join(" | ")
        );
        let all: Vec<usize> = (0..short.len()).collect();
        let row = |row: &Row<'_>| {
            let marks = row.cells.iter().map(|cell| mark(cell.state));
            let marks: Vec<&str> = marks.collect();
            let places = shown.places(row, &all, &names, options.verbose);
            format!(
                "| {} | {} | {} | {} | {} |\n",
                row.severity.name(),
                cell(&code(row.rule)),
                cell(&code(&row.subject)),
                marks.join(" | "),
                cell(&places.markdown()),
            )
        };
        parts.push(head + &matrix.rows.iter().map(row).collect::<String>());
        parts.push(format!("{}\n", legend(matrix)));
    }
    let told = tell(shown, &names, options.verbose);
    for heading in &told.headings {
        let item = |line: &Line| format!("- {}\n", line.markdown());
        let call =
            |(who, because): &(Line, Line)| item(&who.clone().ours(", ").then(because.clone()));
        let mut text: String = heading.calls.iter().map(call).collect();
        if heading.more > 0 {
            text.push_str(&format!("- and {}\n", many(heading.more, "more call")));
        }
        parts.push(format!("**{}**\n\n{text}", heading.line.markdown()));
    }
    if told.more > 0 {
        let more = many(told.more, "call");
        parts.push(format!("And {more} that differ otherwise.\n"));
    }
    let notes = notes(shown, &names, options.verbose);
    let notes = notes.iter().map(|note| format!("- {}\n", note.markdown()));
    parts.extend(Some(notes.collect()).filter(|notes: &String| !notes.is_empty()));
    parts.push(format!("{}\n", summary::findings(shown.report, true)));
    parts.join("\n")
}

/// A text in a cell of a table, where a bar ends the cell even in code.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
