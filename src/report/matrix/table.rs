//! The table's columns: names beside each other, or on stairs where there are many of them.

use unicode_width::UnicodeWidthStr;

/// The columns of a table, or of a part of it.
pub(super) struct Columns {
    /// The environments that stand in it.
    pub numbers: Vec<usize>,
    layout: Layout,
}

enum Layout {
    /// A column is as wide as its name.
    Names(Vec<usize>),
    /// A column has one place; a name stands above it, each one line lower than the one before.
    Stairs {
        /// From one column to the next.
        pitch: usize,
    },
}

/// Sorts columns into tables that leave most of the width to what stands beside them.
pub(super) fn layouts(names: &[String], width: usize) -> Vec<Columns> {
    let all = || (0..names.len()).collect();
    let widths: Vec<usize> = names.iter().map(|name| name.width().max(1)).collect();
    if widths.iter().map(|width| width + GAP).sum::<usize>() <= width / 3 {
        return vec![Columns {
            numbers: all(),
            layout: Layout::Names(widths),
        }];
    }
    let room = width * 2 / 5;
    let pitch = if names.len() * 2 <= room { 2 } else { 1 };
    let numbers: Vec<usize> = all();
    let parts = numbers.chunks((room / pitch).max(1));
    let columns = parts.map(|numbers| Columns {
        numbers: numbers.to_vec(),
        layout: Layout::Stairs { pitch },
    });
    columns.collect()
}

/// The space between columns that have their names above them.
const GAP: usize = 2;

impl Columns {
    /// How wide the cells are, with the space behind them.
    pub fn width(&self) -> usize {
        match &self.layout {
            Layout::Names(widths) => widths.iter().map(|width| width + GAP).sum(),
            Layout::Stairs { pitch } => pitch * self.numbers.len() + GAP,
        }
    }

    /// The lines above the cells.
    pub fn header(&self, names: &[String]) -> String {
        let name = |number: usize| names.get(number).map_or("", String::as_str);
        let numbers = self.numbers.iter();
        match &self.layout {
            Layout::Names(widths) => {
                let cells = numbers.zip(widths).map(|(number, width)| {
                    let name = name(*number);
                    format!("{name}{}", " ".repeat(width + GAP - name.width()))
                });
                let line: String = cells.collect();
                format!("{}\n", line.trim_end())
            }
            Layout::Stairs { pitch } => {
                let step = |(at, number): (usize, &usize)| {
                    let before = format!("│{}", " ".repeat(pitch - 1)).repeat(at);
                    format!("{before}┌ {}\n", name(*number))
                };
                numbers.enumerate().map(step).collect()
            }
        }
    }

    /// A line of cells; each mark has one place, whatever colours it has.
    pub fn cells(&self, mark: impl Fn(usize) -> String) -> String {
        let numbers = self.numbers.iter();
        match &self.layout {
            Layout::Names(widths) => {
                let cells = numbers.zip(widths).map(|(number, width)| {
                    let before = (width - 1) / 2;
                    let after = width + GAP - 1 - before;
                    let mark = mark(*number);
                    format!("{}{mark}{}", " ".repeat(before), " ".repeat(after))
                });
                cells.collect()
            }
            Layout::Stairs { pitch } => {
                let after = " ".repeat(pitch - 1);
                let cells = numbers.map(|number| format!("{}{after}", mark(*number)));
                format!("{}{}", cells.collect::<String>(), " ".repeat(GAP))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("env-{i}")).collect()
    }

    fn drawn(names: &[String], width: usize) -> Vec<String> {
        let draw = |columns: &Columns| {
            let cells = columns.cells(|number| (number % 10).to_string());
            assert_eq!(cells.width(), columns.width());
            columns.header(names) + &cells
        };
        layouts(names, width).iter().map(draw).collect()
    }

    #[test]
    fn few_names_stand_beside_each_other() {
        let names = ["a", "prod", "漢字"].map(str::to_owned);
        assert_eq!(drawn(&names, 60), ["a  prod  漢字\n0   1     2    "]);
    }

    #[test]
    fn many_stand_on_stairs() {
        assert_eq!(
            drawn(&names(4), 40),
            ["┌ env-0\n│ ┌ env-1\n│ │ ┌ env-2\n│ │ │ ┌ env-3\n0 1 2 3   "]
        );
        let narrow = drawn(&names(9), 40);
        assert!(
            narrow[0].ends_with("\n│││││││││┌ env-9\n012345678  ")
                || narrow[0].ends_with("│┌ env-8\n012345678  "),
            "{narrow:?}"
        );
    }

    #[test]
    fn more_than_fit_become_several_tables() {
        let parts = layouts(&names(50), 50);
        let numbers: Vec<usize> = parts.iter().map(|part| part.numbers.len()).collect();
        assert_eq!(numbers, [20, 20, 10]);
        assert!(parts.iter().all(|part| part.width() <= 25));
    }
}
