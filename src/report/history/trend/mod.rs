//! How many findings there were after each commit, oldest first.

mod svg;

use std::io;

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::words::{clean, many, short};
use super::Options;
use super::json::VERSION;
use crate::finding::Severity;
use crate::history::Point;

/// The formats of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrendFormat {
    /// For people: a table.
    Text,
    /// For programs: one document.
    Json,
    /// For a spreadsheet.
    Csv,
    /// A chart.
    Svg,
}

/// Writes how many findings there were.
///
/// # Errors
/// Those of the writer.
pub fn write_trend(
    format: TrendFormat,
    points: &[Point],
    options: Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match format {
        TrendFormat::Text => table(points, options),
        TrendFormat::Json => serde_json::to_string_pretty(&document(points))? + "\n",
        TrendFormat::Csv => csv(points),
        TrendFormat::Svg => svg::chart(points),
    };
    out.write_all(text.as_bytes())
}

#[derive(Serialize)]
struct Document {
    version: u32,
    points: Vec<Map<String, Value>>,
}

fn document(points: &[Point]) -> Document {
    let point = |point: &Point| {
        let counts = point.counts.into_iter().map(Value::from);
        let counts = Severity::WORST_FIRST.into_iter().zip(counts);
        let mut object = Map::new();
        object.insert("time".to_owned(), Value::from(&*point.time));
        object.insert("commit".to_owned(), Value::from(&*point.commit));
        object.extend(counts.map(|(severity, count)| (severity.name().to_owned(), count)));
        object
    };
    Document {
        version: VERSION,
        points: points.iter().map(point).collect(),
    }
}

fn csv(points: &[Point]) -> String {
    let names = Severity::WORST_FIRST.map(Severity::name).join(",");
    let mut text = format!("time,commit,{names}\n");
    for point in points {
        let counts = point.counts.map(|count| count.to_string()).join(",");
        text.push_str(&format!("{},{},{counts}\n", point.time, point.commit));
    }
    text
}

/// The commits after which there was another number than before, and both ends.
fn table(points: &[Point], options: Options) -> String {
    let mut text = String::new();
    let names = Severity::WORST_FIRST.map(|severity| format!("{:>8}", severity.name()));
    if !points.is_empty() {
        text.push_str(&format!(
            "{:20}  {:7} {}\n",
            "time",
            "commit",
            names.concat()
        ));
    }
    for point in points {
        let counts = point.counts.map(|count| format!("{count:>8}")).concat();
        text.push_str(&format!(
            "{:20}  {:7} {counts}\n",
            clean(&point.time),
            clean(short(&point.commit)),
        ));
    }
    if !options.quiet {
        let pairs = points.iter().zip(points.iter().skip(1));
        let changes = pairs.filter(|(a, b)| a.counts != b.counts).count();
        let changes = match changes {
            0 => "No commit changed the number of findings".to_owned(),
            some => format!("{} changed the number of findings", many(some, "commit")),
        };
        text.push_str(&format!(
            "\n{changes} between the first line and the last\n"
        ));
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A point for each list of counts, a day apart.
    pub(in super::super) fn points(counts: &[[usize; 5]]) -> Vec<Point> {
        let point = |(i, counts): (usize, &[usize; 5])| Point {
            time: format!("2026-03-{:02}T09:14:00Z", i % 28 + 1),
            commit: format!("{i:040x}"),
            counts: *counts,
        };
        counts.iter().enumerate().map(point).collect()
    }

    fn print(format: TrendFormat) -> String {
        let points = points(&[[0, 1, 2, 0, 9], [0, 1, 2, 0, 9], [1, 0, 2, 0, 10]]);
        let options = Options::default();
        let mut out = Vec::new();
        write_trend(format, &points, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_spreadsheet_has_a_line_for_each_commit() {
        let text = print(TrendFormat::Csv);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "time,commit,critical,high,medium,low,info");
        let last = "2026-03-03T09:14:00Z,0000000000000000000000000000000000000002,1,0,2,0,10";
        assert_eq!(lines[3], last);
    }

    #[test]
    fn a_document_names_the_severities() {
        let document: Value = serde_json::from_str(&print(TrendFormat::Json)).unwrap();
        assert_eq!(document["version"], 1);
        assert_eq!(
            document["points"][2].to_string(),
            r#"{"time":"2026-03-03T09:14:00Z","commit":"0000000000000000000000000000000000000002","critical":1,"high":0,"medium":2,"low":0,"info":10}"#
        );
    }

    #[test]
    fn a_table_has_a_line_for_each_commit_that_changed_something() {
        assert_eq!(
            print(TrendFormat::Text),
            "\
time                  commit  critical    high  medium     low    info
2026-03-01T09:14:00Z  0000000        0       1       2       0       9
2026-03-02T09:14:00Z  0000000        0       1       2       0       9
2026-03-03T09:14:00Z  0000000        1       0       2       0      10

1 commit changed the number of findings between the first line and the last
"
        );
    }
}
