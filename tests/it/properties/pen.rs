//! YAML in every style, with the value it stands for.

use proptest::prelude::*;
use serde_json::{Value, json};

/// What is to be written.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Scalar(Value),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// How it is to be written: choices made one after the other.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub(super) choices: Vec<u8>,
    pub(super) windows: bool,
    pub(super) mark: bool,
    pub(super) final_break: bool,
}

const TEXTS: [&str; 12] = [
    "STRICT",
    "web",
    "größe",
    "日本",
    "a b",
    "x#y",
    "it's",
    "say \"hi\"",
    "10.0.0.0/8",
    "a:b",
    "-x",
    "😀",
];

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        (-999_i64..9999).prop_map(|n| json!(n)),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!(null)),
        Just(json!(1.5)),
    ];
    let text = prop::sample::select(TEXTS.to_vec()).prop_map(|text| json!(text));
    let lines = prop::collection::vec(prop::sample::select(TEXTS.to_vec()), 2..4)
        .prop_map(|lines| json!(lines.join("\n")));
    let leaf = prop_oneof![number, text, lines].prop_map(Tree::Scalar);
    let inner = leaf.prop_recursive(4, 40, 5, |tree| {
        let key = prop::sample::select(vec![
            "name", "spec", "größe", "a.b/c", "k 1", "ports", "mode", "z",
        ]);
        let map = prop::collection::btree_map(key, tree.clone(), 1..5).prop_map(|map| {
            Tree::Map(
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        });
        prop_oneof![map, prop::collection::vec(tree, 1..5).prop_map(Tree::List)]
    });
    prop::collection::btree_map("[a-z]{1,6}x", inner, 1..5)
        .prop_map(|map| Tree::Map(map.into_iter().collect()))
}

pub(super) fn style() -> impl Strategy<Value = Style> {
    (
        prop::collection::vec(any::<u8>(), 1..60),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(choices, windows, mark, final_break)| Style {
            choices,
            windows,
            mark,
            final_break,
        })
}

/// The text of a tree, and its value.
pub(super) fn write(tree: &Tree, style: &Style) -> (String, Value) {
    let mut pen = Pen {
        style,
        at: 0,
        out: String::new(),
        anchors: Vec::new(),
    };
    let value = pen.block(tree, 0);
    let mut text = pen.out;
    if !style.final_break {
        text.truncate(text.trim_end_matches('\n').len());
    }
    if style.windows {
        text = text.replace('\n', "\r\n");
    }
    if style.mark {
        text.insert(0, '\u{feff}');
    }
    (text, value)
}

struct Pen<'s> {
    style: &'s Style,
    at: usize,
    out: String,
    anchors: Vec<Value>,
}

impl Pen<'_> {
    fn pick(&mut self, of: u8) -> u8 {
        let choices = &self.style.choices;
        let choice = choices[self.at % choices.len()];
        // another turn around the choices gives others
        let turn = (self.at / choices.len()) as u8;
        self.at += 1;
        choice.wrapping_add(turn.wrapping_mul(7)) % of
    }

    /// A collection, one item a line, at the beginning of a line.
    fn block(&mut self, tree: &Tree, indent: usize) -> Value {
        match tree {
            Tree::Scalar(value) => {
                self.out.push_str(&" ".repeat(indent));
                let value = self.scalar(value, indent, false);
                self.out.push('\n');
                value
            }
            Tree::List(items) => items
                .iter()
                .map(|item| {
                    self.between(indent);
                    self.out.push_str(&" ".repeat(indent));
                    self.out.push('-');
                    self.value(item, indent, false)
                })
                .collect(),
            Tree::Map(entries) => entries
                .iter()
                .map(|(key, value)| {
                    self.between(indent);
                    self.out.push_str(&" ".repeat(indent));
                    self.key(key);
                    self.out.push(':');
                    (key.clone(), self.value(value, indent, true))
                })
                .collect(),
        }
    }

    /// Comments and empty lines.
    fn between(&mut self, indent: usize) {
        match self.pick(8) {
            0 => self.out.push('\n'),
            1 => self
                .out
                .push_str(&format!("{}# größer: - x\n", " ".repeat(indent))),
            _ => {}
        }
    }

    fn key(&mut self, key: &str) {
        match self.pick(4) {
            0 => self.out.push_str(&format!("\"{key}\"")),
            1 => self.out.push_str(&format!("'{key}'")),
            _ => self.out.push_str(key),
        }
    }

    /// What stands after a dash or a colon, to the end of the line and below.
    fn value(&mut self, tree: &Tree, indent: usize, of_key: bool) -> Value {
        if let Some(value) = self.alias() {
            return value;
        }
        let is_scalar = matches!(tree, Tree::Scalar(_));
        if !is_scalar && self.pick(4) != 0 {
            if self.pick(5) == 0 {
                self.out.push_str(" # below");
            }
            self.out.push('\n');
            let is_list = matches!(tree, Tree::List(_));
            let step = match self.pick(3) {
                0 if is_list && of_key => 0,
                1 => 4,
                _ => 2,
            };
            return self.block(tree, indent + step);
        }
        self.out.push(' ');
        let anchored = self.pick(6) == 0;
        if anchored {
            self.out.push_str(&format!("&a{} ", self.anchors.len()));
        }
        let value = match tree {
            Tree::Scalar(value) => self.scalar(value, indent, true),
            _ => self.flow(tree),
        };
        if anchored {
            self.anchors.push(value.clone());
        }
        if !self.out.ends_with('\n') {
            if self.pick(5) == 0 {
                self.out.push_str("   # größe");
            }
            self.out.push('\n');
        }
        value
    }

    fn alias(&mut self) -> Option<Value> {
        if self.anchors.is_empty() || self.pick(9) != 0 {
            return None;
        }
        let chosen = self.pick(self.anchors.len().min(100) as u8) as usize;
        self.out.push_str(&format!(" *a{chosen}\n"));
        Some(self.anchors[chosen].clone())
    }

    fn flow(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Scalar(value) => self.scalar(value, 0, false),
            Tree::List(items) => {
                self.out.push('[');
                let all = items
                    .iter()
                    .map(|item| {
                        let value = self.flow(item);
                        self.out.push_str(", ");
                        value
                    })
                    .collect();
                self.out.push(']');
                all
            }
            Tree::Map(entries) => {
                self.out.push('{');
                let all = entries
                    .iter()
                    .map(|(key, value)| {
                        self.key(key);
                        self.out.push_str(": ");
                        let value = self.flow(value);
                        self.out.push_str(" ,");
                        (key.clone(), value)
                    })
                    .collect();
                self.out.push('}');
                all
            }
        }
    }

    /// A scalar; a block scalar ends with a line break, others do not.
    fn scalar(&mut self, value: &Value, indent: usize, may_be_block: bool) -> Value {
        let Value::String(text) = value else {
            self.out.push_str(&value.to_string());
            return value.clone();
        };
        let is_plain = text.chars().all(|c| c.is_alphabetic() || c == ' ');
        match self.pick(5) {
            0 if may_be_block => return self.literal(text, indent),
            1 if is_plain => self.out.push_str(text),
            2 if !text.contains('\n') => self
                .out
                .push_str(&format!("'{}'", text.replace('\'', "''"))),
            3 if may_be_block && !text.contains('\n') => {
                self.out
                    .push_str(&format!(">-\n{}{text}\n", " ".repeat(indent + 2)));
            }
            _ => self.out.push_str(&Value::from(text.as_str()).to_string()),
        }
        value.clone()
    }

    fn literal(&mut self, text: &str, indent: usize) -> Value {
        let (header, ending) = match self.pick(4) {
            0 => ("|-", ""),
            1 => ("|- # größe", ""),
            // a file that ends without a line break takes it from the text too
            _ if !self.style.final_break => ("|-", ""),
            2 => ("|", "\n"),
            _ => ("|2", "\n"),
        };
        self.out.push_str(header);
        for line in text.split('\n') {
            self.out
                .push_str(&format!("\n{}{line}", " ".repeat(indent + 2)));
        }
        self.out.push('\n');
        Value::from(format!("{text}{ending}"))
    }
}
