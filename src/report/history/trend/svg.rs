//! The trend as a chart: steps, stacked, the worst severity at the bottom where it is read best.

use std::fmt::Write as _;
use std::time::Duration;

use x509_cert::der::DateTime;

use super::super::super::words::day;
use crate::finding::Severity;
use crate::history::Point;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;

/// The area of the steps.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 704.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 244.0;

/// Colours that stand out from white and from black.
fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#c9184a",
        Severity::High => "#e5533d",
        Severity::Medium => "#eda33b",
        Severity::Low => "#4f8fd0",
        Severity::Info => "#8b949e",
    }
}

/// No font, picture or script from elsewhere; colours follow the reader's light or dark.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#57606a}\
.title{font-size:14px;font-weight:600;fill:#24292f}\
.line{stroke:#8b949e;stroke-opacity:.35}\
@media(prefers-color-scheme:dark){text{fill:#9da7b1}.title{fill:#e6edf3}}";

pub(super) fn chart(points: &[Point]) -> String {
    let mut svg = String::new();
    let title = title(points);
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<style>{STYLE}</style>"
    );
    text(
        &mut svg,
        LEFT,
        20.0,
        "title",
        "start",
        "Findings after each commit",
    );
    legend(&mut svg, points);
    let scale = Scale::new(points);
    counts(&mut svg, &scale);
    for (i, severity) in Severity::WORST_FIRST.into_iter().enumerate() {
        let path = area(points, &scale, i);
        if !path.is_empty() {
            let fill = color(severity);
            let _ = writeln!(svg, "<path d=\"{path}\" fill=\"{fill}\"/>");
        }
    }
    days(&mut svg, points, &scale);
    svg.push_str("</svg>\n");
    svg
}

fn title(points: &[Point]) -> String {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) => escape(&format!(
            "Findings after each commit, {} to {}",
            day(&first.time),
            day(&last.time)
        )),
        _ => "No commits".to_owned(),
    }
}

/// Turns times and counts into places.
struct Scale {
    begin: u64,
    end: u64,
    most: usize,
    step: usize,
}

impl Scale {
    fn new(points: &[Point]) -> Self {
        let times = points.iter().filter_map(|point| seconds(&point.time));
        let most = points.iter().map(|point| point.counts.iter().sum());
        let most: usize = most.max().unwrap_or(0);
        let step = step(most);
        Self {
            begin: times.clone().min().unwrap_or(0),
            end: times.max().unwrap_or(0),
            most: most.div_ceil(step).max(1) * step,
            step,
        }
    }

    fn x(&self, time: u64) -> f64 {
        let whole = self.end.saturating_sub(self.begin);
        if whole == 0 {
            return LEFT;
        }
        let part = time.saturating_sub(self.begin) as f64 / whole as f64;
        LEFT + part.min(1.0) * (RIGHT - LEFT)
    }

    fn y(&self, count: usize) -> f64 {
        BOTTOM - count as f64 / self.most as f64 * (BOTTOM - TOP)
    }
}

fn seconds(time: &str) -> Option<u64> {
    let time: DateTime = time.parse().ok()?;
    Some(time.unix_duration().as_secs())
}

/// The distance between lines of the grid: 1, 2 or 5 times a power of ten, at most five of them.
fn step(most: usize) -> usize {
    let mut power = 1usize;
    loop {
        for of in [1, 2, 5] {
            let step = power.saturating_mul(of);
            if step.saturating_mul(5) >= most {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The area of one severity, on top of those that are worse.
fn area(points: &[Point], scale: &Scale, severity: usize) -> String {
    let below = |point: &Point| point.counts.iter().take(severity).sum::<usize>();
    let own = |point: &Point| point.counts.get(severity).copied().unwrap_or(0);
    if points.iter().all(|point| own(point) == 0) {
        return String::new();
    }
    let upper = corners(points, scale, |point| below(point) + own(point));
    let mut lower = corners(points, scale, below);
    lower.reverse();
    let mut path = String::new();
    for (i, (x, y)) in upper.into_iter().chain(lower).enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    path.push('Z');
    path
}

/// The corners of the steps, from left to right. Commits whose times run backwards stand where the
/// one before them stands.
fn corners(points: &[Point], scale: &Scale, count: impl Fn(&Point) -> usize) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let y = scale.y(count(point));
        let x = seconds(&point.time).map_or(LEFT, |time| scale.x(time));
        match corners.last().copied() {
            None => corners.push((LEFT, y)),
            Some((_, before)) if before == y => {}
            Some((reached, before)) => {
                corners.push((x.max(reached), before));
                corners.push((x.max(reached), y));
            }
        }
    }
    if let Some((_, y)) = corners.last().copied() {
        corners.push((RIGHT, y));
    }
    corners
}

/// The grid and its numbers.
fn counts(svg: &mut String, scale: &Scale) {
    for count in (0..=scale.most).step_by(scale.step) {
        let y = scale.y(count);
        let _ = writeln!(svg, "<path class=\"line\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
        text(svg, LEFT - 8.0, y + 4.0, "", "end", &count.to_string());
    }
}

/// Days below the steps: the first, the last, and three between them.
fn days(svg: &mut String, points: &[Point], scale: &Scale) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    if scale.begin == scale.end {
        text(svg, LEFT, BOTTOM + 20.0, "", "start", day(&first.time));
        return;
    }
    let mut shown = String::new();
    for quarter in 0..=4u64 {
        let time = scale.begin + (scale.end - scale.begin) / 4 * quarter;
        let (anchor, time) = match quarter {
            0 => ("start", scale.begin),
            4 => ("end", scale.end),
            _ => ("middle", time),
        };
        let exact = DateTime::from_unix_duration(Duration::from_secs(time));
        let label = exact.map_or_else(|_| last.time.clone(), |exact| exact.to_string());
        let label = day(&label);
        // a history of a few days has fewer labels
        if label != shown {
            text(svg, scale.x(time), BOTTOM + 20.0, "", anchor, label);
            shown = label.to_owned();
        }
    }
}

/// Each severity that was ever found, with its last number.
fn legend(svg: &mut String, points: &[Point]) {
    let mut x = LEFT;
    for (i, severity) in Severity::WORST_FIRST.into_iter().enumerate() {
        let of = |point: &Point| point.counts.get(i).copied().unwrap_or(0);
        if points.iter().all(|point| of(point) == 0) {
            continue;
        }
        let now = points.last().map_or(0, of);
        let fill = color(severity);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"32\" width=\"10\" height=\"10\" rx=\"2\" fill=\"{fill}\"/>"
        );
        let label = format!("{severity} {now}");
        text(svg, x + 15.0, 41.0, "", "start", &label);
        x += 36.0 + 7.0 * label.len() as f64;
    }
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, anchor: &str, of: &str) {
    let class = match class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\"{class} text-anchor=\"{anchor}\">{}</text>",
        escape(of)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::points;
    use super::*;

    #[test]
    fn steps_go_sideways_before_they_go_up() {
        let points = points(&[[0, 1, 0, 0, 0], [0, 1, 0, 0, 0], [1, 1, 0, 0, 0]]);
        let scale = Scale::new(&points);
        assert_eq!((scale.most, scale.step), (2, 1));
        // critical: nothing until the last commit, at the very right
        assert_eq!(
            area(&points, &scale, 0),
            "M48.0 244.0L704.0 244.0L704.0 150.0L704.0 150.0L704.0 244.0L48.0 244.0Z"
        );
        // high stands on critical
        assert_eq!(
            area(&points, &scale, 1),
            "M48.0 150.0L704.0 150.0L704.0 56.0L704.0 56.0L704.0 150.0L704.0 150.0L704.0 244.0L48.0 244.0Z"
        );
        assert_eq!(area(&points, &scale, 2), "");
    }

    #[test]
    fn the_grid_has_few_lines_of_round_numbers() {
        let grid = [0, 1, 5, 6, 11, 26, 51, 1_000, usize::MAX].map(step);
        assert_eq!(grid[..8], [1, 1, 1, 2, 5, 10, 20, 200]);
    }

    #[test]
    fn nothing_and_one_commit_are_charts_too() {
        assert!(chart(&[]).contains("No commits"));
        let one = chart(&points(&[[0, 3, 0, 0, 0]]));
        assert!(one.contains("M48.0 "), "{one}");
        assert!(one.contains(">2026-03-01</text>"), "{one}");
    }

    #[test]
    fn times_that_run_backwards_do_not_fold_the_steps() {
        let mut points = points(&[[0, 1, 0, 0, 0], [0, 2, 0, 0, 0], [0, 3, 0, 0, 0]]);
        points.swap(1, 2);
        let corners = corners(&points, &Scale::new(&points), |point| point.counts[1]);
        assert!(corners.is_sorted_by(|a, b| a.0 <= b.0), "{corners:?}");
    }

    #[test]
    fn a_time_that_is_none_is_shown_and_not_run() {
        let mut points = points(&[[0, 1, 0, 0, 0]]);
        points[0].time = "<script>\"&".into();
        let chart = chart(&points);
        assert!(!chart.contains("<script"), "{chart}");
        assert!(chart.contains("&lt;script&gt;&quot;&amp;"), "{chart}");
    }
}
