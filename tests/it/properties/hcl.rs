use meshvet::model::Pointer;
use meshvet::syntax::{Consul, Node, parse};
use meshvet::text::{FileId, SourceFile};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::pen::{Tree, tree};
use super::spans::{all_spans_are_sound, changes, json, slice, spoil, walk};

/// HCL and the value it stands for; how it is written is chosen one thing after the other.
struct Pen<'c> {
    choices: &'c [u8],
    at: usize,
    out: String,
}

impl Pen<'_> {
    fn pick(&mut self, of: u8) -> u8 {
        let choice = self.choices[self.at % self.choices.len()];
        let turn = (self.at / self.choices.len()) as u8;
        self.at += 1;
        choice.wrapping_add(turn.wrapping_mul(7)) % of
    }

    fn blank(&mut self) {
        let blank = match self.pick(8) {
            0 => "\n",
            1 => " # größe { = \"\n",
            2 => " // [\n",
            3 => " /* } \n é */ ",
            4 => "\t",
            _ => " ",
        };
        self.out.push_str(blank);
    }

    fn fields(&mut self, fields: &[(String, Tree)]) -> Value {
        let mut map = serde_json::Map::new();
        for (key, tree) in fields {
            self.blank();
            let is_word = key.chars().all(|c| c.is_alphabetic() || c == '.');
            match is_word && self.pick(2) == 0 {
                true => self.out.push_str(key),
                false => self.out.push_str(&format!("\"{key}\"")),
            }
            self.blank();
            map.insert(key.clone(), self.field(tree));
            let end = ["\n", ",", " ,\n"][self.pick(3) as usize];
            self.out.push_str(end);
        }
        Value::Object(map)
    }

    /// What stands behind a key.
    fn field(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Map(fields) if self.pick(3) == 0 => self.map(fields),
            Tree::Map(fields) if self.pick(3) == 0 => {
                self.out.push_str("\"la bel\" ");
                json!({"la bel": self.map(fields)})
            }
            Tree::Scalar(Value::String(text)) if self.pick(3) == 0 => {
                self.out.push_str("= <<-é_1\n");
                for line in text.split('\n') {
                    self.out.push_str(&format!("   {line}\n"));
                }
                self.out.push_str("   é_1\n");
                json!(format!("{text}\n"))
            }
            _ => {
                self.out.push('=');
                self.blank();
                self.value(tree)
            }
        }
    }

    fn map(&mut self, fields: &[(String, Tree)]) -> Value {
        self.out.push('{');
        let value = self.fields(fields);
        self.out.push('}');
        value
    }

    fn value(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Map(fields) => self.map(fields),
            Tree::List(items) => {
                self.out.push('[');
                let all = items.iter().map(|item| {
                    self.blank();
                    let value = self.value(item);
                    self.blank();
                    self.out.push(',');
                    value
                });
                let all = all.collect();
                self.out.push(']');
                all
            }
            // there is no null
            Tree::Scalar(Value::Null) => self.value(&Tree::Scalar(json!("null"))),
            Tree::Scalar(value) => {
                self.out.push_str(&value.to_string());
                value.clone()
            }
        }
    }
}

/// A config entry with a tree in it.
fn write(tree: &Tree, choices: &[u8]) -> (String, Value) {
    let Tree::Map(fields) = tree else {
        panic!("the top is a mapping");
    };
    let mut pen = Pen {
        choices,
        at: 0,
        out: "Kind = \"mesh\"\n".to_owned(),
    };
    let mut value = pen.fields(fields);
    value["Kind"] = json!("mesh");
    match pen.pick(4) {
        0 => (pen.out.replace('\n', "\r\n"), value),
        _ => (pen.out, value),
    }
}

fn source(text: impl Into<String>) -> SourceFile {
    SourceFile::new("a.hcl", text.into())
}

fn value(text: &str) -> Option<Value> {
    let (documents, _) = parse(FileId(0), &source(text));
    documents.first().map(|document| json(document.root()))
}

/// A value by itself is what is written under its span.
fn stands_for_itself(node: Node<'_>, at: &Pointer, source: &SourceFile) {
    let written = slice(source, node.span());
    // a label is no value without the key before it
    if at.as_str().is_empty() || written.starts_with("\"la bel\" ") {
        return;
    }
    let alone = value(&format!("Kind = \"mesh\"\nx = {written}\n"));
    assert_eq!(
        alone.map(|alone| alone["x"].clone()),
        Some(json(node)),
        "{written}"
    );
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn spans_cover_exactly_what_makes_the_value(tree in tree(), choices in choices()) {
        let (text, expected) = write(&tree, &choices);
        let source = source(text.as_str());
        let (documents, problems) = parse(FileId(0), &source);
        prop_assert_eq!(&problems, &[], "{}", text);
        prop_assert_eq!(json(documents[0].root()), expected, "{}", text);
        walk(documents[0].root(), &Pointer::root(), &mut |node, at| {
            stands_for_itself(node, at, &source);
        });
        all_spans_are_sound(&source);
    }

    /// JSON whose colons are written as HCL has them.
    #[test]
    fn values_are_those_of_json(tree in tree(), choices in choices()) {
        let (_, expected) = write(&tree, &choices);
        let text = serde_json::to_string_pretty(&expected).expect("JSON");
        let as_json = SourceFile::new("a.json", text.as_str());
        let documents = parse(FileId(0), &as_json).0;
        prop_assert_eq!(documents[0].consul(), Some(Consul::ConfigEntry));
        let as_json = json(documents[0].root());
        let fields = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).expect("a mapping");
        prop_assert_eq!(value(&fields.replace("\": ", "\" = ")), Some(as_json.clone()), "{}", text);
        prop_assert_eq!(value(&text), Some(as_json));
    }

    #[test]
    fn spoilt_text_gives_sound_spans_and_no_panic(tree in tree(), choices in choices(), changes in changes()) {
        let (text, _) = write(&tree, &choices);
        all_spans_are_sound(&source(spoil(&text, &changes)));
    }

    #[test]
    fn any_text_gives_sound_spans_and_no_panic(text in "[-a={}\\[\\],\"$\\\\<\n\ré#/*. 0xe:]{0,40}") {
        all_spans_are_sound(&source(text.as_str()));
        all_spans_are_sound(&source(format!("Kind = \"mesh\"\n{text}")));
        all_spans_are_sound(&source(format!("Kind = \"mesh\"\na = <<E{text}")));
    }
}
