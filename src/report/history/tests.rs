#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::sample::{
    DENIED, MTLS, PLAINTEXT, commit, deleted, edge, entries, found, moved, permissive, print,
    range, side,
};
use super::*;
use crate::change::{Change, EdgeChange, EdgeState, Effects};
use crate::finding::Severity;
use crate::history::{Allowed, Commit, Period};
use crate::model::Transport;
use crate::reach::Verdict;

const VERBOSE: Options = Options {
    color: false,
    verbose: true,
    quiet: false,
    filtered: false,
};

const QUIET: Options = Options {
    color: false,
    verbose: false,
    quiet: true,
    filtered: false,
};

fn log(format: Format, entries: &[Entry]) -> String {
    print(format, Options::default(), entries, &range())
}

fn entry(change: Change) -> Entry {
    Entry {
        commit: commit('4', "payments: let the batch job in"),
        merge: None,
        change,
    }
}

#[test]
fn the_log_reads_like_one() {
    let expected = "\
2026-03-02  4444444  Ann Lee  payments: let the batch job in  #12
  weaker    deploy/payments.yaml:8  PeerAuthentication payments/default /spec/mtls/mode  STRICT → PERMISSIVE  in prod
            payments/ledger:8443 and 3 more ports take plaintext, too
            opens batch/nightly → payments/ledger:8443 (plaintext)
            weakens external → payments/ledger:8444 (mutual TLS → plaintext)
            new finding: mtls/permissive (high)

2026-03-02  2222222  Ann Lee  no log, who reads it?
  merged 2026-03-02, 3333333 \"Merge pull request #12 from ann/log\", Bo Roe
  weaker    deploy/log.yaml:1  Telemetry mesh  removed  in prod
            removes web/frontend → shop/cart:80 (mutual TLS)
            strengthens web/frontend → shop/cart:81 (plaintext → mutual TLS)
            no access log any more: payments/ledger and web/frontend
            resolved finding: mtls/permissive (high)
  neutral   new.yaml:5  PeerAuthentication payments/default  moved from old.yaml:3

3 changes in 2 commits: 2 weaker, 1 neutral · 17 commits looked at
";
    assert_eq!(log(Format::Text, &entries()), expected);
    let quiet = print(Format::Text, QUIET, &entries(), &range());
    assert_eq!(
        Some(&*quiet),
        expected.rsplit_once("\n3 changes").map(|parts| parts.0)
    );
}

#[test]
fn markdown_is_a_list_under_each_commit() {
    let expected = "\
## Changes of the mesh's security

### 2026-03-02 `no log, who reads it?`

`2222222`, Ann Lee

Merged 2026-03-02 with `3333333` `Merge pull request #12 from ann/log` by Bo Roe

- **weaker** `deploy/log.yaml:1` `Telemetry mesh` removed in `prod`
  - removes `web/frontend` → `shop/cart:80` (mutual TLS)
  - strengthens `web/frontend` → `shop/cart:81` (plaintext → mutual TLS)
  - no access log any more: `payments/ledger` and `web/frontend`
  - resolved finding: `mtls/permissive` (high)
- neutral `new.yaml:5` `PeerAuthentication payments/default` moved from `old.yaml:3`

2 changes in 1 commit: 1 weaker, 1 neutral · 17 commits looked at
";
    assert_eq!(log(Format::Markdown, &entries()[1..]), expected);
}

#[test]
fn nothing_to_tell_is_said_and_a_cut_history_is_no_whole_one() {
    assert_eq!(
        log(Format::Text, &[]),
        "No change of the mesh's security in 17 commits\n"
    );
    let filtered = Options {
        filtered: true,
        ..Options::default()
    };
    assert_eq!(
        print(Format::Text, filtered, &[], &range()),
        "No such change in 17 commits\n"
    );
    let none = Range {
        commits: 0,
        ..range()
    };
    assert_eq!(
        print(Format::Text, Options::default(), &[], &none),
        "There was no commit to look at\n"
    );
    let shallow = Range {
        shallow: true,
        whole: false,
        ..range()
    };
    for format in [Format::Text, Format::Markdown] {
        let text = print(format, Options::default(), &[], &shallow);
        assert!(
            text.contains("what 1111111 changed and what came before is not known"),
            "{text}"
        );
        assert!(!log(format, &[]).contains("shallow"));
    }
}

#[test]
fn a_pull_request_is_named_once() {
    let mut merged = entry(moved());
    merged.commit.subject = "payments: let the batch job in (#12)".into();
    assert_eq!(
        log(Format::Text, &[merged.clone()]).matches("#12").count(),
        1
    );
    merged.commit.subject = "Merge branch 'a' (!12)".into();
    assert!(!log(Format::Markdown, &[merged]).contains("#12"));
}

#[test]
fn verbose_says_who_committed_it_and_cuts_nothing() {
    let text = print(Format::Text, VERBOSE, &entries(), &range());
    assert!(
        text.contains("  committed by Bo Roe <bo@example.com>, signed (not checked)\n"),
        "{text}"
    );
    assert!(text.contains("not signed"), "{text}");
    assert!(
        text.contains("payments/ledger:8445 and payments/ledger:8446 take"),
        "{text}"
    );
    assert!(
        text.contains("new finding: mtls/permissive (high): payments/ledger:8443 and"),
        "{text}"
    );
}

#[test]
fn many_calls_are_few_lines() {
    let mut change = permissive();
    let to = |port: usize| {
        let after = if port < 2 { PLAINTEXT } else { MTLS };
        let from = (0..100).map(move |i| format!("batch/job{i}"));
        from.map(move |from| {
            let to = format!("payments/ledger:{port}");
            edge(&from, &to, Some(DENIED), Some(after))
        })
    };
    change.effects.opened = (0..5).flat_map(to).collect();
    let text = log(Format::Text, &[entry(change.clone())]);
    let opened: Vec<&str> = text.lines().filter(|line| line.contains("opens")).collect();
    assert_eq!(
        opened,
        [
            "            opens batch/job0, batch/job1 and 98 more callers → payments/ledger:0 and payments/ledger:1 (plaintext)",
            "            opens batch/job0, batch/job1 and 98 more callers → payments/ledger:2, payments/ledger:3 and payments/ledger:4 (mutual TLS)",
        ]
    );
    // each caller with ports of its own: lines are cut, and calls counted
    let one = |i: usize| {
        let (from, to) = (format!("batch/job{i}"), format!("payments/ledger:{i}"));
        edge(&from, &to, Some(DENIED), Some(MTLS))
    };
    change.effects.opened = (0..500).map(one).collect();
    let text = log(Format::Text, &[entry(change)]);
    assert_eq!(text.matches("opens").count(), 3);
    assert!(
        text.contains("\n            and 497 more calls\n"),
        "{text}"
    );
}

#[test]
fn a_commit_of_many_neutral_changes_hides_no_other() {
    let many: Vec<Entry> = (0..30)
        .map(|_| entry(moved()))
        .chain([entry(deleted())])
        .collect();
    for format in [Format::Text, Format::Markdown] {
        let text = log(format, &many);
        assert_eq!(text.matches("moved from").count(), 20, "{text}");
        assert!(
            text.contains("and 10 more neutral changes (-v shows them)"),
            "{text}"
        );
        assert!(text.contains("removed"), "{text}");
        assert!(text.contains("31 changes in 1 commit"), "{text}");
        let text = print(format, VERBOSE, &many, &range());
        assert_eq!(text.matches("moved from").count(), 30, "{text}");
        assert!(!text.contains("-v"), "{text}");
    }
}

#[test]
fn environments_are_named_once_where_they_are_the_same() {
    let mut change = permissive();
    let line = |change: &Change| {
        let text = log(Format::Text, &[entry(change.clone())]);
        text.lines().skip(1).take(2).collect::<Vec<_>>().join("\n")
    };
    let in_all = |change: &mut Change, names: &[&str]| {
        change.effects = Effects::default();
        change.effects.opened = names
            .iter()
            .map(|name| EdgeChange {
                environment: (*name).into(),
                ..edge("a/b", "c/d:1", Some(DENIED), Some(MTLS))
            })
            .collect();
    };
    in_all(&mut change, &["."]);
    assert!(
        line(&change).ends_with("STRICT → PERMISSIVE\n            opens a/b → c/d:1 (mutual TLS)")
    );
    in_all(&mut change, &["test", "prod"]);
    assert!(
        line(&change).contains("PERMISSIVE  in prod and test\n"),
        "{}",
        line(&change)
    );
    in_all(&mut change, &["a", "b", "c", "d"]);
    assert!(
        line(&change).contains("PERMISSIVE  in 4 environments\n"),
        "{}",
        line(&change)
    );
    in_all(&mut change, &["test", "prod"]);
    change
        .effects
        .opened
        .push(edge("a/x", "c/d:1", Some(DENIED), Some(MTLS)));
    let text = log(Format::Text, &[entry(change)]);
    assert!(
        text.contains("opens a/b → c/d:1 (mutual TLS)  in prod and test\n"),
        "{text}"
    );
    assert!(
        text.contains("opens a/x → c/d:1 (mutual TLS)  in prod\n"),
        "{text}"
    );
}

#[test]
fn every_fate_of_a_call_has_its_words() {
    let state = |verdict, transport| Some(EdgeState { verdict, transport });
    let conditional = state(Verdict::Conditional, Some(Transport::Mtls));
    let unknown = state(Verdict::Unknown, None);
    let (allow, denied) = (Some(MTLS), Some(DENIED));
    let words = |before, after| {
        let mut change = permissive();
        change.effects = Effects::default();
        change.effects.opened = vec![edge("a", "b", before, after)];
        let text = log(Format::Text, &[entry(change)]);
        text.lines()
            .nth(2)
            .map(|line| line.trim().to_owned())
            .unwrap()
    };
    assert_eq!(words(None, allow), "adds a → b (mutual TLS)");
    assert_eq!(words(allow, None), "removes a → b (mutual TLS)");
    assert_eq!(words(denied, allow), "opens a → b (mutual TLS)");
    assert_eq!(
        words(denied, conditional),
        "opens a → b (mutual TLS, on a condition)"
    );
    assert_eq!(
        words(conditional, allow),
        "opens a → b (mutual TLS, was on a condition)"
    );
    assert_eq!(
        words(unknown, allow),
        "opens a → b (mutual TLS, was not known)"
    );
    assert_eq!(words(denied, unknown), "may open a → b (cannot be told)");
    assert_eq!(words(allow, unknown), "may close a → b (cannot be told)");
    assert_eq!(
        words(allow, conditional),
        "narrows a → b (mutual TLS, on a condition)"
    );
    assert_eq!(
        words(conditional, denied),
        "closes a → b (mutual TLS, on a condition)"
    );
    assert_eq!(
        words(allow, Some(PLAINTEXT)),
        "weakens a → b (mutual TLS → plaintext)"
    );
    assert_eq!(
        words(Some(PLAINTEXT), allow),
        "strengthens a → b (plaintext → mutual TLS)"
    );
    let over = |transport| state(Verdict::Unknown, transport);
    assert_eq!(
        words(over(None), over(Some(Transport::Mtls))),
        "weakens a → b (no known transport → mutual TLS)"
    );
}

#[test]
fn every_state_of_a_port_and_a_log_has_its_words() {
    let told = |change: Change| {
        let text = log(Format::Text, &[entry(change)]);
        text.lines()
            .nth(2)
            .map(|line| line.trim().to_owned())
            .unwrap()
    };
    let port = |before, after| {
        let mut change = permissive();
        change.effects.listeners.truncate(1);
        change.effects.listeners[0].before = before;
        change.effects.listeners[0].after = after;
        told(change)
    };
    assert_eq!(
        port("required", "permissive"),
        "payments/ledger:8443 takes plaintext, too"
    );
    assert_eq!(
        port("plaintext", "permissive"),
        "payments/ledger:8443 takes mutual TLS, too"
    );
    assert_eq!(
        port("permissive", "required"),
        "payments/ledger:8443 takes mutual TLS only"
    );
    assert_eq!(
        port("required", "plaintext"),
        "payments/ledger:8443 takes plaintext only"
    );
    let of = |before, after| {
        let mut change = deleted();
        change.effects.closed.clear();
        change.effects.upgraded.clear();
        change.effects.logging.truncate(1);
        change.effects.logging[0].before = before;
        change.effects.logging[0].after = after;
        told(change)
    };
    assert_eq!(
        of(Some("on"), Some("off")),
        "no access log any more: payments/ledger"
    );
    assert_eq!(
        of(Some("unknown"), Some("off")),
        "no access log: payments/ledger"
    );
    assert_eq!(
        of(Some("on"), Some("partial")),
        "access log only in part: payments/ledger"
    );
    assert_eq!(
        of(Some("off"), Some("on")),
        "access log in full: payments/ledger"
    );
    assert_eq!(
        of(Some("on"), Some("unknown")),
        "access log not known any more: payments/ledger"
    );
    assert_eq!(
        of(None, Some("off")),
        "new, without access log: payments/ledger"
    );
    assert_eq!(
        of(None, Some("unknown")),
        "new, access log not known: payments/ledger"
    );
    assert_eq!(
        of(Some("on"), None),
        "gone, access log was on: payments/ledger"
    );
}

#[test]
fn findings_of_a_rule_are_counted_and_the_worst_comes_first() {
    let mut change = permissive();
    let mut worst = found("authorization/allow_all", "prod", "x");
    worst.severity = Severity::Critical;
    change.effects.introduced = vec![
        found("mtls/permissive", "prod", "f"),
        found("mtls/permissive", "prod", "f-2"),
        worst,
    ];
    let text = log(Format::Text, &[entry(change)]);
    let new: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("new finding: "))
        .collect();
    assert_eq!(
        new,
        [
            "authorization/allow_all (critical)",
            "2 × mtls/permissive (high)"
        ]
    );
}

#[test]
fn a_finding_that_another_of_its_rule_replaced_is_neither_new_nor_resolved() {
    let mut change = permissive();
    change.effects.introduced = vec![
        found("mtls/permissive", "prod", "f"),
        found("mtls/permissive", "prod", "f-2"),
    ];
    change.effects.resolved = vec![
        found("mtls/permissive", "prod", "g"),
        found("mtls/permissive", "test", "g"),
    ];
    let text = log(Format::Text, &[entry(change.clone())]);
    let said = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| line.contains(" mtls/permissive"));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&text),
        [
            "new finding: mtls/permissive (high)  in prod",
            "finding reads otherwise: mtls/permissive (high)  in prod",
            "resolved finding: mtls/permissive (high)  in test",
        ]
    );
    let verbose = Options {
        verbose: true,
        ..Options::default()
    };
    let all = print(Format::Text, verbose, &[entry(change)], &range());
    assert!(!all.contains("reads otherwise"), "{all}");
}

/// A change of which everything that the repository says is hostile.
fn hostile() -> Entry {
    let evil = "\u{1b}[2J\u{9b}\u{202e}\n# x\r</details><script>`` @ann [l](http://x) |";
    let mut change = deleted();
    change.field.before = Some(side(evil, 1, Value::Null));
    change.field.after = Some(side(evil, 1, evil.into()));
    change.field.field = evil.into();
    change.field.resource = Some(super::sample::resource(evil, Some(evil), evil));
    change.effects.closed = vec![EdgeChange {
        environment: evil.into(),
        ..edge(evil, evil, Some(MTLS), None)
    }];
    change.effects.logging[0].of = evil.into();
    change.effects.resolved[0].rule = evil.into();
    change.effects.resolved[0].message = evil.into();
    let commit = Commit {
        id: evil.into(),
        author: evil.into(),
        committer: evil.into(),
        time: evil.into(),
        subject: evil.into(),
        ..commit('4', "")
    };
    Entry {
        merge: Some(commit.clone()),
        commit,
        change,
    }
}

#[test]
fn nothing_of_the_repository_reaches_the_terminal_as_a_command() {
    let text = print(Format::Text, VERBOSE, &[hostile()], &range());
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
    assert!(!text.contains('\u{202e}'));
    assert!(!text.contains("\n#"), "{text}");
}

#[test]
fn nothing_of_the_repository_reaches_markdown_but_as_code() {
    let text = print(Format::Markdown, VERBOSE, &[hostile()], &range());
    // what is left when code is taken away; three backticks stand around what holds two
    let outside: String = text.split("```").step_by(2).collect();
    let outside: String = outside.split('`').step_by(2).collect();
    assert!(!outside.contains(['<', '@', '[', '|', '?']), "{outside}");
    assert!(text.contains("</details>"), "{text}");
}

#[test]
fn colours_come_only_when_asked_for() {
    assert!(!log(Format::Text, &entries()).contains('\u{1b}'));
    let color = Options {
        color: true,
        ..Options::default()
    };
    let text = print(Format::Text, color, &entries(), &range());
    assert!(
        text.contains("  \u{1b}[31mweaker\u{1b}[0m    deploy/"),
        "{text}"
    );
    assert!(!print(Format::Markdown, color, &entries(), &range()).contains('\u{1b}'));
}

fn diff(format: DiffFormat, options: Options, changes: &[Change]) -> String {
    let states = TwoStates {
        old: &"1".repeat(40),
        new: &"4".repeat(40),
        changes,
    };
    let mut out = Vec::new();
    write_diff(format, &states, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_difference_begins_with_what_is_weaker() {
    let changes = [moved(), deleted()];
    assert_eq!(
        diff(DiffFormat::Text, Options::default(), &changes),
        "\
weaker    deploy/log.yaml:1  Telemetry mesh  removed  in prod
          removes web/frontend → shop/cart:80 (mutual TLS)
          strengthens web/frontend → shop/cart:81 (plaintext → mutual TLS)
          no access log any more: payments/ledger and web/frontend
          resolved finding: mtls/permissive (high)
neutral   new.yaml:5  PeerAuthentication payments/default  moved from old.yaml:3

1111111 → 4444444: 2 changes: 1 weaker, 1 neutral · calls: 1 closed, 1 strengthened · findings: 1 resolved
"
    );
    let markdown = diff(DiffFormat::Markdown, Options::default(), &changes);
    assert!(
        markdown.starts_with("**2 changes: 1 weaker, 1 neutral · calls: 1 closed, 1 strengthened · findings: 1 resolved**\n\nFrom `1111111` to `4444444`:\n\n- **weaker** `deploy/log.yaml:1` "),
        "{markdown}"
    );
    let none = diff(DiffFormat::Text, Options::default(), &[]);
    assert_eq!(
        none,
        "No change of the mesh's security between 1111111 and 4444444\n"
    );
    assert_eq!(diff(DiffFormat::Text, QUIET, &[]), "");
}

#[test]
fn what_two_changes_did_together_counts_once() {
    let changes = [permissive(), permissive(), deleted()];
    let json = diff(DiffFormat::Json, Options::default(), &changes);
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        document["summary"].to_string(),
        r#"{"opened":1,"closed":1,"downgraded":1,"upgraded":1,"weaker":3,"stronger":0,"neutral":0,"introduced":1,"resolved":1}"#
    );
    assert_eq!(document["version"], 1);
    assert_eq!(document["old"], "1".repeat(40));
    assert_eq!(document["new"], "4".repeat(40));
    assert_eq!(document["changes"][2]["file"], "deploy/log.yaml");
    assert!(document["changes"][0].get("commit").is_none());
}

fn allowed() -> Allowed {
    let newest = commit('4', "payments: let the batch job in");
    let older = commit('2', "no log, who reads it?");
    let oldest = commit('1', "begin");
    Allowed {
        from: "batch/nightly".into(),
        to: "payments/ledger:8443".into(),
        periods: vec![
            Period {
                state: Some(PLAINTEXT),
                from: newest.clone(),
                until: None,
                because: vec![entries().remove(0)],
            },
            Period {
                state: Some(DENIED),
                from: older.clone(),
                until: Some(newest),
                because: Vec::new(),
            },
            Period {
                state: None,
                from: oldest,
                until: Some(older),
                because: Vec::new(),
            },
        ],
        range: range(),
    }
}

fn answer(format: AllowedFormat, allowed: &Allowed) -> String {
    let mut out = Vec::new();
    write_allowed(format, allowed, Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_answer_says_since_when_and_because_of_which_line() {
    assert_eq!(
        answer(AllowedFormat::Text, &allowed()),
        "\
yes         batch/nightly → payments/ledger:8443   over plaintext
            since 2026-03-02, 4444444 \"payments: let the batch job in\", Ann Lee
            weaker    deploy/payments.yaml:8  PeerAuthentication payments/default /spec/mtls/mode  STRICT → PERMISSIVE

before that
no          since 2026-03-02, 2222222 \"no log, who reads it?\", Ann Lee, until 2026-03-02
not there   since the first commit, 2026-03-02, 1111111 \"begin\", Ann Lee, until 2026-03-02
"
    );
}

#[test]
fn what_began_before_the_commits_that_are_there_is_not_dated() {
    let mut allowed = allowed();
    allowed.periods.truncate(1);
    let mut since = |whole, shallow| {
        allowed.range.whole = whole;
        allowed.range.shallow = shallow;
        let text = answer(AllowedFormat::Text, &allowed);
        let json: Value = serde_json::from_str(&answer(AllowedFormat::Json, &allowed)).unwrap();
        let line = text.lines().nth(1).unwrap().trim().to_owned();
        (line, json["since"]["commit"].clone())
    };
    let (line, commit) = since(true, false);
    assert!(
        line.starts_with("since the first commit, 2026-03-02, 4444444 "),
        "{line}"
    );
    assert_eq!(commit, "4".repeat(40));
    assert_eq!(
        since(false, true),
        (
            "since before 4444444: the clone is shallow".to_owned(),
            Value::Null
        )
    );
    assert_eq!(
        since(false, false),
        (
            "since before 4444444, the oldest commit that was looked at".to_owned(),
            Value::Null
        )
    );
}

#[test]
fn an_answer_for_programs_has_every_period() {
    let json: Value = serde_json::from_str(&answer(AllowedFormat::Json, &allowed())).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["from"], "batch/nightly");
    assert_eq!(json["to"], "payments/ledger:8443");
    assert_eq!(
        json["now"].to_string(),
        r#"{"verdict":"allow","transport":"plaintext"}"#
    );
    assert_eq!(json["since"]["subject"], "payments: let the batch job in");
    let periods = json["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 3);
    assert_eq!(periods[0]["until"], Value::Null);
    assert_eq!(periods[0]["because"][0]["file"], "deploy/payments.yaml");
    assert_eq!(periods[0]["because"][0]["commit"], "4".repeat(40));
    assert_eq!(
        (&periods[1]["verdict"], &periods[1]["transport"]),
        (&"deny".into(), &Value::Null)
    );
    assert_eq!(periods[1]["until"]["commit"], "4".repeat(40));
    assert_eq!(periods[2]["verdict"], Value::Null);
    assert_eq!(periods[2]["from"]["commit"], "1".repeat(40));
}
