//! What is said to say the same without being read does so when it is read.

use std::path::PathBuf;

use meshvet::change::{Lines, digest};
use meshvet::model::Problem;
use meshvet::scan;
use meshvet::syntax::Document;
use meshvet::text::{FileId, SourceFile};

use crate::cli::root;

/// A file that was read.
struct Read {
    source: SourceFile,
    documents: Vec<Document>,
    problems: Vec<Problem>,
    lines: Lines,
}

/// What counts of a file: numbers and digests of documents, kinds and messages of problems.
type Said = (Vec<(usize, u128)>, Vec<(String, String)>);

impl Read {
    fn new(name: &str, text: &str) -> Self {
        let source = SourceFile::new(name, text);
        let (documents, problems) = scan::documents(FileId(0), &source);
        Self {
            lines: Lines::of(&source, &documents, &problems),
            source,
            documents,
            problems,
        }
    }

    fn said(&self) -> Said {
        let documents = self.documents.iter();
        let problems = self.problems.iter();
        (
            documents.map(|one| (one.number(), digest(one))).collect(),
            problems
                .map(|one| (format!("{:?}", one.kind), one.message.clone()))
                .collect(),
        )
    }

    /// Whether another text is said to say the same; if so, it does.
    fn keeps(&self, other: &str) -> bool {
        let is_same = self
            .lines
            .say_the_same(&self.source, &self.documents, other);
        if is_same && other != self.source.text() {
            let read = Self::new(self.source.name(), other);
            assert_eq!(
                self.said(),
                read.said(),
                "{}\n{}\n----\n{other}",
                self.source.name(),
                self.source.text()
            );
        }
        is_same
    }
}

/// Chooses as if by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// What may be written as a value, harmless or not; `~` at the beginning adds to what was there.
const VALUES: &str = "0|'0'|\"0\"|7|\"7\"|'7'|00|07|0x0|0o0|0.0|-0|0e5|1_000|1.5|+5|-7|.5|.inf|-.inf|1e400|\
    99999999999999999999|null||true|y|250m|64Mi|25%|a: b|a:|7: 8|a #b|a# b|a#b|a # c|#|&x 7|*x|!!str 7|!!int a|\
    !t 7|>|>-|{a: 1}|{}|[1]|'it''s'|\"a\\nb\"|'a|\"a|a'b|'a' b|'a'#b|other:1|other:1.2.3|x y|auto|- 7|? a|%x|@x|\
    `x|é|7\u{85}8|7\u{2028}8|7\t|7\r8|\u{feff}7|<<|<<: 1|---|...|7,|7}|'a, b'|istio/proxyv2:1.2.3|\
    app@sha256:00|app:latest|1.2.4|v1.2.3|Never|2026-01-01T00:00:00Z|~ # note|~# note|~   |~\t|~x|~0|~:|~'|~\r|\
    ~-4f2c9e1|~ x|~ {{ .Values.a }}|~ # {{|~@sha256:0a|~,|~]|~ # é";

/// Other lines that might stand where one does.
fn others(line: &str) -> Vec<String> {
    let (line, end) = match line.strip_suffix('\r') {
        Some(line) => (line, "\r"),
        None => (line, ""),
    };
    let content = line.trim_start();
    let blanks = &line[..line.len() - content.len()];
    let mut all: Vec<String> = [
        "", " ", "    ", "\t", "---", "--- # x", "...", "# x", "   # y", "# {{", "a: 1", "- 7", "|",
    ]
    .map(str::to_owned)
    .to_vec();
    for head in [
        "", " ", "  ", "\t", "- ", "#", "# ", "? ", ": ", "!!map ", "'", "\u{feff}",
    ] {
        all.push(format!("{blanks}{head}{content}"));
        all.push(format!("{head}{blanks}{content}"));
    }
    all.push(line.replacen("  ", " ", 1));
    all.push(line.replacen(": ", ":  ", 1));
    all.push(line.replacen(": ", ":\t", 1));
    all.push(line.replacen(": ", ":", 1));
    all.push(line.replacen(": ", " : ", 1));
    all.push(line.replacen(": ", ": # ", 1));
    all.push(line.replacen('s', "z", 1));
    all.push(line.replacen('#', "# more", 1));
    all.push(line.replacen('#', "", 1));
    all.push(line.replacen('"', "'", 2));
    all.push(line.replace(['1', '2', '3'], "4"));
    all.push(line.replace(['1', '2', '3'], "0"));
    if let Some((key, value)) = line.split_once(": ") {
        for other in VALUES.split('|').chain(["|", "|-"]) {
            all.push(match other.strip_prefix('~') {
                Some(more) => format!("{key}: {value}{more}"),
                None => format!("{key}: {other}"),
            });
        }
        // in the quotes that were there
        for other in ["8", "0", "app:9.9", "a, b"] {
            all.push(format!("{key}: \"{other}\""));
        }
    }
    let mut all: Vec<String> = all.into_iter().map(|line| line + end).collect();
    all.push(format!("{line}\n"));
    all.push(line.to_owned());
    all
}

/// Of everything that may be of no account, and much that may not.
const ALL: &str = "# a header
---
# Source: chart/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # its name
  generation: 3
  resourceVersion: \"12\"
  creationTimestamp: null

  managedFields:
    - manager: kubectl
      operation: Update
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{}'
    note: |
      replicas: 3

      # no comment
      image: app:1.2.3
    folded: >+
      cpu: 1
      
    # a comment
    plain: some text
      replicas 3

      cpu 3
    quoted: 'some
      cpu: 3

      # none
      replicas: 3'
    last: b
spec:
  replicas: 3
  minReadySeconds: 5 # seconds
  strategy:
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 0
    type: RollingUpdate
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      creationTimestamp: null
    spec:
      terminationGracePeriodSeconds: 30
      initContainers:
        - image: init:1.0.0
          name: init
      containers:
        # the one
        - name: main
          image: registry:5000/shop/web:1.2.3
          imagePullPolicy: Always
          resources:
            limits:
              cpu: 500m
              memory: \"64Mi\"
            requests: {cpu: 1}
            claims:
              - name: a
                request: |
                  cpu: 3
              - # this one
                name: b

        - image: 'side@sha256:00ff'
          name: side
          args:
            - --image=app:1.2.3
            - {
              replicas: 3,
              image: app:1.2.3
              }
        - name: consul
          image: server:1.2.3
        - name: proxy
          image: istio/proxyv2:1.2.3
          resources:
            limits:
              cpu:
                1
              memory: 2

status:
  replicas: 3
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images:
- name: web
  newTag: 1.2.3
- newTag: \"2.0\"
  name: api
replicas:
- name: web
  count: 2
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  replicas: \"3\"
  text: |+
    a

---
# nothing but this
---
apiVersion: v1
kind: List
metadata:
  resourceVersion: ''
items:
- apiVersion: batch/v1
  kind: CronJob
  spec:
    schedule: '* * * * *'
    jobTemplate:
      spec:
        template:
          spec:
            containers:
            - image: job:1.2.3
              resources:
                limits:
                  cpu: 1
- apiVersion: argoproj.io/v1alpha1
  kind: Rollout
  spec:
    replicas: 3
    strategy:
      weight: 10
";

/// The same with something that makes it another file.
fn variants() -> Vec<(&'static str, String)> {
    let with = |from: &str, to: &str| {
        assert!(ALL.contains(from), "{from}");
        ALL.replacen(from, to, 1)
    };
    let mut item = String::from("apiVersion: v1\nkind: List\nitems:\n");
    for (number, line) in ALL.lines().skip(3).take(83).enumerate() {
        let head = if number == 0 { "- " } else { "  " };
        item.push_str(&format!("{head}{line}\n"));
    }
    vec![
        ("a.yaml", ALL.to_owned()),
        ("a.yaml", ALL.replace('\n', "\r\n")),
        ("a.yaml", ALL.trim_end().to_owned()),
        ("a.yaml", format!("\u{feff}{ALL}")),
        ("a.yaml", item),
        // aliases and merges
        ("a.yaml", with("resources:\n", "resources: &r\n") + "---\na: 1\n"),
        (
            "a.yaml",
            with("resources:\n", "resources: &r\n").replacen("requests: {cpu: 1}", "requests: &q {cpu: 1}", 1).replacen("status:\n", "spread: *r\nstatus:\n", 1),
        ),
        ("a.yaml", with("      limits:\n", "      <<:\n").replacen("request: |", "request: >", 1)),
        // values that go on
        ("a.yaml", with("cpu: 500m\n", "cpu: 500m\n                 more\n")),
        ("a.yaml", with("cpu: 500m\n", "cpu: 500m # c\n                 more\n")),
        ("a.yaml", with("cpu: 500m\n", "cpu: '500m'\n                 more\n")),
        ("a.yaml", with("cpu: 500m\n", "? cpu\n              : 500m\n")),
        // problems
        ("a.yaml", with("minReadySeconds: 5", "replicas: 5")),
        ("a.yaml", ALL.to_owned() + "---\na: [\n"),
        ("a.yaml", ALL.to_owned() + "---\na: {{ b }}\n"),
        ("a.yaml", with("---\n# nothing", "...\n---\n# nothing")),
        ("a.hcl", "service {\n  name = \"web\" # c\n}\n# d\n".to_owned()),
        (
            "a.json",
            "{\n  \"apiVersion\": \"apps/v1\",\n  \"kind\": \"Deployment\",\n\n  \"spec\": {\n    \"replicas\": 3,\n    replicas2: 3\n  }\n}\n".to_owned(),
        ),
        ("a.json", "{\n \"name\": \"a\",\n \"services\": []\n# c\n}\n".to_owned()),
    ]
}

fn put(lines: &[&str], at: usize, line: &str) -> String {
    let mut lines = lines.to_vec();
    lines[at] = line;
    lines.join("\n")
}

#[test]
fn whatever_stands_on_any_one_line() {
    let (mut tried, mut kept) = (0, 0);
    for (number, (name, text)) in variants().into_iter().enumerate() {
        let read = Read::new(name, &text);
        let lines: Vec<&str> = text.split('\n').collect();
        // all of the first, and of the others enough
        let every = if number == 0 { 1 } else { 4 };
        for (at, line) in lines.iter().enumerate() {
            for other in others(line).iter().skip(at % every).step_by(every) {
                tried += 1;
                kept += usize::from(read.keeps(&put(&lines, at, other)));
            }
        }
    }
    assert!(tried > 30_000 && kept > 2_000, "{kept} of {tried}");
}

#[test]
fn what_mostly_changes_need_not_be_read() {
    for breaks in ["\n", "\r\n"] {
        let read = Read::new("a.yaml", &ALL.replace('\n', breaks));
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        for (from, to) in [
            ("  replicas: 3\n  min", "  replicas: 12\n  min"),
            ("web:1.2.3", "web:1.2.4"),
            ("web:1.2.3", "web:1.10.0-rc1"),
            ("web:1.2.3\n", "web:1.2.3@sha256:00ff # pinned\n"),
            ("init:1.0.0", "init:1.0.1"),
            ("sha256:00ff", "sha256:0a"),
            ("job:1.2.3", "job:main-4f2c9e1"),
            ("500m", "2"),
            ("500m", "\"2\""),
            ("\"64Mi\"", "128Mi"),
            ("request: |", "request: |"),
            ("memory: 2", "memory: 3Gi"),
            ("maxSurge: 25%", "maxSurge: 1"),
            ("seconds\n", "seconds, not minutes\n"),
            ("5 # seconds", "6"),
            ("newTag: 1.2.3", "newTag: 1.2.4"),
            ("newTag: \"2.0\"", "newTag: \"2.1\""),
            ("count: 2", "count: 3"),
            ("# the one", "# the first"),
            ("name: b\n\n", "name: b\n  \n"),
            ("Always", "IfNotPresent"),
        ] {
            let (from, to) = (from.replace('\n', breaks), to.replace('\n', breaks));
            let text = read.source.text();
            assert!(text.contains(&from), "{from}");
            assert!(read.keeps(&text.replacen(&from, &to, 1)), "{from} {to}");
        }
        let text = read.source.text();
        let many = text
            .replace("web:1.2.3", "web:2.0")
            .replace("job:1.2.3", "job:2.0")
            .replace("500m", "1")
            .replace("# the one", "# two");
        assert!(read.keeps(&many));
    }
}

#[test]
fn what_counts_is_to_be_read() {
    let read = Read::new("a.yaml", ALL);
    for (from, to) in [
        ("  replicas: 3\n  min", "  replicas: 0\n  min"),
        ("web:1.2.3", "web:latest"),
        ("shop/web:", "shop/api:"),
        ("shop/web:", "istio/web:"),
        ("server:1.2.3", "server:1.2.4"),
        ("proxyv2:1.2.3", "proxyv2:1.2.4"),
        (
            "      replicas: 3\n\n      #",
            "      replicas: 4\n\n      #",
        ),
        ("# no comment", "# none"),
        ("newTag: 1.2.3", "newTag: 1.2.yaml"),
        ("--image=app:1.2.3", "--image=app:1.2.4"),
        ("weight: 10", "weight: 20"),
        ("replicas: \"3\"", "replicas: \"4\""),
        ("cpu: 1\n      \n", "cpu: 1\n       \n"),
        ("cpu: 500m", "cpu: 500m:"),
        ("cpu: 500m", "cpus: 500m"),
    ] {
        assert!(ALL.contains(from), "{from}");
        assert!(!read.keeps(&ALL.replacen(from, to, 1)), "{from} {to}");
    }
}

fn files() -> Vec<PathBuf> {
    let below = ["testdata/scenarios", "testdata/conformance", "policies"];
    let all = below
        .iter()
        .flat_map(|below| walkdir::WalkDir::new(root().join(below)).sort_by_file_name());
    let files = all.map(|entry| entry.unwrap().into_path());
    let is_read = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("yaml" | "json" | "hcl"))
    };
    files.filter(is_read).collect()
}

/// The same with images that have a version, numbers of pods and limits, as far as it is in blocks.
fn with_fields(text: &str) -> String {
    let mut all = Vec::new();
    for line in text.split('\n') {
        let content = line.trim_start_matches([' ', '-']);
        let blanks = " ".repeat(line.len() - content.len());
        match content.strip_prefix("image: ") {
            Some(image)
                if image.bytes().all(|b| b.is_ascii_lowercase() || b == b'/')
                    && image != "auto" =>
            {
                all.push(format!("{line}:1.2.3"));
                all.push(format!(
                    "{blanks}resources:\n{blanks}  limits:\n{blanks}    cpu: 100m # c"
                ));
            }
            _ if line == "  template:" => all.push(format!("  replicas: 3\n{line}")),
            _ => all.push(line.to_owned()),
        }
    }
    all.join("\n")
}

#[test]
fn some_lines_of_every_file() {
    let mut chance = Chance(7);
    let (mut tried, mut kept) = (0, 0);
    for path in files() {
        let name = path.to_string_lossy();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = match chance.below(3) {
            0 => text,
            _ => with_fields(&text),
        };
        let read = Read::new(&name, &text);
        let lines: Vec<&str> = text.split('\n').collect();
        let keys = ["replicas:", "image:", "cpu:", "#", "newTag:", "Seconds:"];
        let likely = |at: &usize| keys.iter().any(|key| lines[*at].contains(key));
        let likely: Vec<usize> = (0..lines.len()).filter(likely).collect();
        for _ in 0..12 {
            let at = match chance.below(3) {
                0 => chance.below(lines.len()),
                _ if likely.is_empty() => chance.below(lines.len()),
                _ => likely[chance.below(likely.len())],
            };
            let mut other = put(&lines, at, &chosen(lines[at], &mut chance));
            if chance.below(3) == 0 {
                let lines: Vec<&str> = other.split('\n').collect();
                let at = chance.below(lines.len());
                other = put(&lines, at, &chosen(lines[at], &mut chance));
            }
            tried += 1;
            kept += usize::from(other != text && read.keeps(&other));
        }
    }
    assert!(tried > 30_000 && kept > 1_000, "{kept} of {tried}");
}

fn chosen(line: &str, chance: &mut Chance) -> String {
    let mut others = others(line);
    others.swap_remove(chance.below(others.len()))
}

/// Every version, number of pods and limit of every file is of no account where it stands in blocks.
#[test]
fn plain_bumps_of_every_file_need_not_be_read() {
    let (mut images, mut counts, mut limits) = (0, 0, 0);
    for path in files() {
        let text = with_fields(&std::fs::read_to_string(&path).unwrap());
        let read = Read::new(&path.to_string_lossy(), &text);
        for (from, to, count) in [
            (":1.2.3\n", ":1.2.4\n", &mut images),
            ("  replicas: 3\n", "  replicas: 5\n", &mut counts),
            ("cpu: 100m # c", "cpu: 2", &mut limits),
        ] {
            let other = text.replacen(from, to, 1);
            *count += usize::from(other != text && read.keeps(&other));
        }
    }
    assert!(
        images > 90 && counts > 500 && limits > 90,
        "{images} images, {counts} numbers of pods, {limits} limits"
    );
}
