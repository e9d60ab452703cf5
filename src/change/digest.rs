//! Whether two documents say the same, as far as anything is judged by it.

use std::collections::HashMap;

use super::account::{Account, Spot};
use crate::k8s::{Shape, shape};
use crate::syntax::{Consul, Document, Node, NodeId, Value};

/// Equal for two documents if nothing that is read differs between them: order of keys, style, comments
/// and places do not count, nor do [fields of no account](super::account).
///
/// It does not stand for [`exact`] where several objects of an environment have one key: whether they
/// are the same to the last field decides whether they are one.
pub fn digest(document: &Document) -> u128 {
    hash(document, true)
}

/// Equal for two documents if they say the same, fields of no account included.
pub fn exact(document: &Document) -> u128 {
    hash(document, false)
}

fn hash(document: &Document, leaves_out: bool) -> u128 {
    let mut writer = Writer {
        leaves_out,
        keeps_items: false,
        known: HashMap::new(),
    };
    let mut out = Vec::with_capacity(4 * LONG);
    out.push(match document.consul() {
        None => 0,
        Some(Consul::Policy) => 1,
        Some(Consul::Registration) => 2,
        Some(Consul::Agent) => 3,
        Some(Consul::ConfigEntry) => 4,
    });
    match document.consul() {
        None => writer.object(document.root(), None, &mut out),
        Some(_) => writer.node(document.root(), Spot::Elsewhere, &mut out),
    }
    of_bytes(&out)
}

fn of_bytes(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    let (half, _) = hash.as_bytes().split_at(16);
    half.try_into().map_or(0, u128::from_le_bytes)
}

/// What is longer is written as its hash, so that nothing is written again and again on its way up.
const LONG: usize = 1024;

/// Writes nodes of one document in the one way that all have that mean the same.
pub(super) struct Writer {
    leaves_out: bool,
    /// Whether items of lists are kept, as they will be asked for again.
    keeps_items: bool,
    /// What aliases stand for: it may be long, and used often.
    known: HashMap<(NodeId, Spot), Vec<u8>>,
}

impl Writer {
    /// For nodes of one document, asked for one by one.
    pub(super) fn of_nodes() -> Self {
        Self {
            leaves_out: false,
            keeps_items: true,
            known: HashMap::new(),
        }
    }

    /// Equal for nodes that say the same; `way` is what else is to be equal.
    pub(super) fn hash(&mut self, node: Node<'_>, way: u128) -> u128 {
        let mut out = way.to_le_bytes().to_vec();
        self.kept(node, Spot::Elsewhere, &mut out);
        of_bytes(&out)
    }

    /// The way to a field, by the way to what is around it.
    pub(super) fn step(key: &str, way: u128) -> u128 {
        let mut out = way.to_le_bytes().to_vec();
        out.extend_from_slice(key.as_bytes());
        of_bytes(&out)
    }

    /// What stands where an object may stand; `of`: see [`shape`].
    fn object(&mut self, node: Node<'_>, of: Option<(&str, &str)>, out: &mut Vec<u8>) {
        match shape(node, of) {
            Shape::Object { api_version, kind } => {
                let spot = match self.leaves_out {
                    true => Spot::object(api_version, kind),
                    false => Spot::Elsewhere,
                };
                self.node(node, spot, out);
            }
            Shape::Other => self.node(node, Spot::Elsewhere, out),
            Shape::List { items, of } => {
                let start = out.len();
                out.push(b'*');
                // what a cluster says of the list as a whole is never read
                let is_read = |key: &str| !self.leaves_out || key != "metadata";
                let around = node
                    .entries()
                    .filter(|e| e.key != "items" && is_read(e.key));
                let around: Vec<_> = around.map(|entry| (entry.key, entry.value)).collect();
                self.mapping(node, around, Spot::Elsewhere, out);
                number(items.items().len(), out);
                for item in items.items() {
                    self.object(item, of, out);
                }
                shorten(start, out);
            }
        }
    }

    /// A node. Where it is used as an alias, the work is done once.
    fn node(&mut self, node: Node<'_>, spot: Spot, out: &mut Vec<u8>) {
        match node.target() == node.id() {
            true => self.content(node, spot, out),
            false => self.kept(node, spot, out),
        }
    }

    fn kept(&mut self, node: Node<'_>, spot: Spot, out: &mut Vec<u8>) {
        let key = (node.target(), spot);
        if let Some(known) = self.known.get(&key) {
            return out.extend_from_slice(known);
        }
        let start = out.len();
        self.content(node, spot, out);
        let written = out.get(start..).unwrap_or(&[]).to_vec();
        self.known.insert(key, written);
    }

    fn content(&mut self, node: Node<'_>, spot: Spot, out: &mut Vec<u8>) {
        let start = out.len();
        match node.value() {
            Value::Null => out.push(b'n'),
            Value::Bool(value) => out.push(if value { b't' } else { b'f' }),
            Value::Int(value) => tagged(b'i', &value.to_le_bytes(), out),
            Value::UInt(value) => tagged(b'u', &value.to_le_bytes(), out),
            Value::Float(value) => tagged(b'd', &value.to_bits().to_le_bytes(), out),
            Value::Text(value) => {
                out.push(b's');
                text(value, out);
            }
            Value::List => {
                out.push(b'[');
                number(node.items().len(), out);
                for item in node.items() {
                    match self.keeps_items {
                        true => self.kept(item, spot, out),
                        false => self.node(item, spot, out),
                    }
                }
            }
            Value::Map => {
                let entries = node.entries().map(|entry| (entry.key, entry.value));
                let entries = entries.collect();
                self.mapping(node, entries, spot, out);
            }
        }
        shorten(start, out);
    }

    fn mapping<'a>(
        &mut self,
        node: Node<'a>,
        mut entries: Vec<(&'a str, Node<'a>)>,
        spot: Spot,
        out: &mut Vec<u8>,
    ) {
        if spot != Spot::Elsewhere {
            entries.retain(|&(key, value)| spot.account(key, value, node) != Account::Nothing);
        }
        entries.sort_unstable_by_key(|&(key, _)| key);
        out.push(b'{');
        number(entries.len(), out);
        for (key, value) in entries {
            text(key, out);
            match spot.account(key, value, node) {
                Account::Image(name) => {
                    out.push(b'@');
                    text(name, out);
                }
                _ => self.node(value, spot.enter(key), out),
            }
        }
    }
}

/// Puts a hash in the place of what is long.
fn shorten(start: usize, out: &mut Vec<u8>) {
    let Some(written) = out.get(start..).filter(|written| written.len() > LONG) else {
        return;
    };
    let hash = of_bytes(written);
    out.truncate(start);
    tagged(b'#', &hash.to_le_bytes(), out);
}

fn tagged(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

/// In as few bytes as it takes, of which only the last is below 128.
fn number(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::render;
    use crate::syntax::parse;
    use crate::text::{SourceFile, Sources};

    fn read(text: &str) -> Document {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.yaml", text));
        let (mut documents, problems) = parse(file, sources.get(file));
        assert!(problems.is_empty(), "{problems:?}");
        render::embedded::attach(|id| sources.get(id), &mut documents);
        documents.remove(0)
    }

    fn same(one: &str, other: &str) -> bool {
        digest(&read(one)) == digest(&read(other))
    }

    #[test]
    fn order_of_keys_style_and_comments_do_not_count() {
        let block = "a: &x\n  b: 'one' # two\n  c: [1, 2]\nd: *x\n";
        let flow = "{d: {c: [1, 2], b: one}, a: {\"c\": [1, 2], b: one}}";
        assert!(same(block, flow));
    }

    #[test]
    fn kinds_of_scalars_and_the_order_of_items_count() {
        for (one, other) in [
            ("a: true", "a: 'true'"),
            ("a: 1", "a: '1'"),
            ("a: 1", "a: 1.5"),
            ("a: null", "b: null"),
            ("a: null", "a: ''"),
            ("a: []", "a: {}"),
            ("a: [1, 2]", "a: [2, 1]"),
            ("a: [1, [2]]", "a: [[1, 2]]"),
            ("{a: b, c: d}", "{a: c, b: d}"),
            ("a: x\nb: y", "a: x"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_long_is_the_same_with_and_without_an_alias() {
        let long = "word ".repeat(LONG);
        let alias = format!("a: &x {{t: '{long}'}}\nb: *x\nc: *x\n");
        let plain = format!("a: {{t: '{long}'}}\nb: {{t: '{long}'}}\nc: {{t: '{long}'}}\n");
        assert!(same(&alias, &plain));
        assert!(!same(&alias, &plain.replacen("word word", "word Word", 3)));
    }

    #[test]
    fn many_uses_of_a_long_text_cost_little() {
        let uses = "*x, ".repeat(500_000);
        let text = format!("a: &x '{}'\nb: [{uses}]\n", "word ".repeat(200_000));
        digest(&read(&text));
    }
}
