use super::super::sample::{Sample, ann, finding, related};
use super::super::{Format, Options};
use crate::finding::{Finding, Introduced, Severity, collect};
use crate::text::{FileId, SourceFile, Span};

const QUIET: Options<'_> = Options {
    color: false,
    verbose: false,
    quiet: true,
    repository_path: None,
};

fn print(sample: &Sample, options: Options<'_>) -> String {
    sample.print(Format::text, options)
}

/// A sample of one file with findings at these places of it.
fn of(text: &str, places: &[(u32, u32)]) -> Sample {
    let mut sample = Sample::clean();
    sample.sources.add(SourceFile::new("a.yaml", text));
    let findings = places.iter().map(|&(start, end)| {
        let mut finding = finding("mtls/permissive", Severity::High);
        finding.site.span = Some(span(start, end));
        finding
    });
    let findings: Vec<Finding> = findings.collect();
    sample.findings = collect(vec![findings], &sample.sources);
    sample
}

fn span(start: u32, end: u32) -> Span {
    let file = FileId(2);
    Span { file, start, end }
}

#[test]
fn findings_and_summary() {
    assert_eq!(
        print(&Sample::new(), Options::default()),
        "\
high  mtls/permissive
  × payments/ledger:8443 and 3 more ports take plaintext
     ╭─[deploy/payments.yaml:8:11]
   7 │   mtls:
   8 │     mode: PERMISSIVE # für 🦀
     ·           ─────┬────
     ·                ╰── decides for 2 ports
   9 │ ---
  10 │ apiVersion: v1
  11 │ kind: Pod
  12 │ metadata: {name: \"🦀\", namespace: payments}
     ·                  ──┬─
     ·                    ╰── this pod
     ╰────
  deploy/web shop.yaml:3  one caller
  help: set STRICT

info  mtls/permissive
  × the mesh has no default
    at MeshConfig/istio-system/mesh#
  help: set STRICT

2 findings: 1 high, 1 info · 1 thing could not be judged · 1 note (-v shows them)
Istio · 2 workloads, 4 edges: 1 in plaintext, 0 from outside
"
    );
}

#[test]
fn one_frame_as_the_manual_shows_it() {
    let mut sample = Sample::new();
    sample.findings.truncate(1);
    sample.findings[0].related.truncate(1);
    assert_eq!(
        print(&sample, QUIET),
        "\
high  mtls/permissive
  × payments/ledger:8443 and 3 more ports take plaintext
    ╭─[deploy/payments.yaml:8:11]
  7 │   mtls:
  8 │     mode: PERMISSIVE # für 🦀
    ·           ─────┬────
    ·                ╰── decides for 2 ports
    ╰────
  help: set STRICT
"
    );
}

#[test]
fn verbose_lists_every_problem() {
    let text = print(
        &Sample::new(),
        Options {
            verbose: true,
            ..Options::default()
        },
    );
    let (_, end) = text
        .split_once("could not be judged\n  ")
        .unwrap_or_default();
    assert_eq!(
        end,
        "\
unrendered-template  chart/web.yaml  a template; render it first

notes
  duplicate-key  deploy/web shop.yaml:3  the key is there twice

2 findings: 1 high, 1 info · 1 thing could not be judged · 1 note
Istio · 2 workloads, 4 edges: 1 in plaintext, 0 from outside
"
    );
}

#[test]
fn no_findings_is_no_pass_while_something_is_open() {
    let mut sample = Sample::new();
    sample.findings.clear();
    sample.problems.truncate(1);
    sample.scan.elapsed = Some(std::time::Duration::from_millis(41));
    assert_eq!(
        print(&sample, Options::default()),
        "No findings · 1 thing could not be judged (-v shows it)\n\
         Istio · 2 workloads, 4 edges: 1 in plaintext, 0 from outside · 41 ms\n"
    );
    sample.problems.clear();
    let text = print(&sample, Options::default());
    assert!(text.starts_with("No findings\n"), "{text}");
    assert_eq!(print(&sample, QUIET), "");
}

#[test]
fn only_the_first_ten_of_a_rule_are_drawn() {
    let text = "mode: x\n".repeat(12);
    let places: Vec<_> = (0..12).map(|i| (i * 8 + 6, i * 8 + 7)).collect();
    let printed = print(&of(&text, &places), QUIET);
    assert_eq!(printed.matches("╰────").count(), 10);
    let last: Vec<_> = printed.lines().rev().take(3).collect();
    let short = "high  mtls/permissive  a.yaml:12:7  payments";
    assert!(last[0].starts_with(short), "{}", last[0]);
    assert!(last[1].contains("a.yaml:11:7"), "{}", last[1]);
    assert_eq!(last[2], "");
}

#[test]
fn few_far_places_are_named_and_the_rest_counted() {
    let mut sample = of(&"a: b\n".repeat(30), &[(3, 4)]);
    let far = |i: u32| related(&format!("caller {i}"), Some(span(100 + i * 5, 101 + i * 5)));
    sample.findings[0].related = (0..8).map(far).collect();
    let printed = print(&sample, QUIET);
    assert!(printed.contains("  a.yaml:21  caller 0\n"), "{printed}");
    assert!(
        printed.contains("  a.yaml:25  caller 4\n  and 3 more\n"),
        "{printed}"
    );
}

#[test]
fn environments_are_named_where_there_are_several() {
    let mut sample = Sample::new();
    let names = |n: usize| (0..n).map(|i| format!("env{i}")).collect::<Vec<_>>();
    sample.scan.environments = names(6);
    sample.findings[0].environments = names(2);
    sample.findings[1].environments = names(5);
    let text = print(&sample, QUIET);
    assert!(
        text.contains("high  mtls/permissive  in env0, env1\n"),
        "{text}"
    );
    assert!(
        text.contains("info  mtls/permissive  in 5 of 6 environments\n"),
        "{text}"
    );
}

#[test]
fn nothing_of_the_input_reaches_the_terminal_as_a_command() {
    let mut sample = of("a: \u{1b}[2Jx\u{202e}\u{9b}\r\nb: 1\n", &[(3, 8)]);
    sample.findings[0].message = "evil \u{1b}]8;;http://x\u{7}\nline".into();
    sample.findings[0].remediation = "\u{1b}c".into();
    let printed = print(&sample, QUIET);
    assert!(
        printed.chars().all(|c| c == '\n' || !c.is_control()),
        "{printed:?}"
    );
    assert!(!printed.contains('\u{202e}'));
    assert!(printed.contains("evil ?]8;;http://x? line"), "{printed}");
}

#[test]
fn a_very_long_line_is_not_drawn() {
    let text = format!("{{\"a\": \"{}\"}}", "x".repeat(2_000));
    let printed = print(&of(&text, &[(6, 10)]), QUIET);
    assert!(printed.contains("\n    [a.yaml:1:7]\n  help"), "{printed}");
}

#[test]
fn odd_spans_are_drawn_as_far_as_they_go() {
    // of no length, over the end of its line, at the end of the file
    for (start, end) in [(3, 3), (0, 9), (9, 9)] {
        let printed = print(&of("a: b\nc: d", &[(start, end)]), QUIET);
        assert!(printed.contains("╰────"), "{start}..{end}: {printed}");
    }
}

#[test]
fn colours_come_only_when_asked_for() {
    assert!(!print(&Sample::new(), Options::default()).contains('\u{1b}'));
    let color = Options {
        color: true,
        ..Options::default()
    };
    let printed = print(&Sample::new(), color);
    assert!(
        printed.starts_with("\u{1b}[31mhigh\u{1b}[0m  \u{1b}[1mmtls/"),
        "{printed}"
    );
}

#[test]
fn who_brought_it_and_when_stands_under_the_lines() {
    let mut sample = Sample::new();
    let shown = |sample: &Sample| {
        let printed = print(sample, QUIET);
        let since = printed.lines().find(|line| line.starts_with("  since"));
        since.map(str::to_owned)
    };
    assert_eq!(shown(&sample), None);
    let mut since = |introduced| {
        sample.findings[0].introduced = Some(introduced);
        shown(&sample).unwrap_or_default()
    };
    assert_eq!(
        since(ann()),
        "  since 2026-03-02, 4f2c9e1 \"payments: let the batch job in\", Ann Lee"
    );
    assert_eq!(
        since(Introduced::Uncommitted),
        "  since a change that is not committed"
    );
    let commit = "4f2c9e1d".to_owned();
    assert_eq!(
        since(Introduced::Before { commit }),
        "  since before 4f2c9e1: the clone is shallow"
    );
    let evil = Introduced::Commit {
        commit: "\u{1b}[2J".into(),
        author: "\u{202e}Ann".into(),
        time: "\u{9b}".into(),
        subject: "a\nb\u{1b}]0;x\u{7}".into(),
    };
    assert!(
        since(evil)
            .chars()
            .all(|c| !c.is_control() && c != '\u{202e}')
    );
}
