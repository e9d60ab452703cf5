//! Nodes to structs, as strictly as the API server does it.

use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_path_to_error::Segment;

use super::node::{Entry, Node, NodeId, Value};
use super::scalar;
use crate::model::Pointer;

/// A value that does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeError {
    /// The field, from the node that was read.
    pub pointer: Pointer,
    /// What is wrong with it, for a person.
    pub message: String,
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads a node into a struct.
///
/// A number is no text and text is no number, as in the API server; a whole number may be written
/// as a float (`80.0`). A field that is null is as good as absent, and so is a struct.
pub fn from_node<'a, T: Deserialize<'a>>(node: Node<'a>) -> Result<T, DeError> {
    // keeping track of the path costs time, so it is done only where there is something to tell
    T::deserialize(Reader::new(node)).or_else(|_| {
        serde_path_to_error::deserialize(Reader::new(node)).map_err(|error| DeError {
            pointer: pointer(error.path()),
            message: error.inner().to_string(),
        })
    })
}

/// The fields that a struct has no place for; none if the node does not fit the struct. Below an
/// untagged enum or a flattened struct nothing is unknown.
pub fn unknown_fields<'a, T: Deserialize<'a>>(node: Node<'a>) -> Vec<Pointer> {
    let ignored = RefCell::new(Vec::new());
    let reader = Reader {
        node,
        ignored: Some(&ignored),
    };
    if T::deserialize(reader).is_err() {
        return Vec::new();
    }
    let ignored = ignored.into_inner();
    let mut unknown = Vec::new();
    if !ignored.is_empty() {
        find(node, &Pointer::root(), &ignored, &mut unknown);
    }
    unknown
}

fn find(node: Node<'_>, at: &Pointer, wanted: &[NodeId], found: &mut Vec<Pointer>) {
    if wanted.contains(&node.id()) {
        found.push(at.clone());
        return;
    }
    for (index, item) in node.items().enumerate() {
        find(item, &at.join(index), wanted, found);
    }
    for entry in node.entries() {
        find(entry.value, &at.join(entry.key), wanted, found);
    }
}

fn pointer(path: &serde_path_to_error::Path) -> Pointer {
    path.iter()
        .fold(Pointer::root(), |at, segment| match segment {
            Segment::Seq { index } => at.join(index),
            Segment::Map { key } => at.join(key),
            // a variant is no step of its own in the document, and what is not known is none either
            Segment::Enum { .. } | Segment::Unknown => at,
        })
}

#[derive(Clone, Copy)]
struct Reader<'a, 'r> {
    node: Node<'a>,
    /// Where to note the nodes that nobody wants.
    ignored: Option<&'r RefCell<Vec<NodeId>>>,
}

impl<'a> Reader<'a, '_> {
    fn new(node: Node<'a>) -> Self {
        Self {
            node,
            ignored: None,
        }
    }
}

impl<'a, 'r> Reader<'a, 'r> {
    fn below(self, node: Node<'a>) -> Reader<'a, 'r> {
        Reader { node, ..self }
    }

    fn list<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items {
            reader: self,
            rest: self.node.items(),
        })
    }

    fn map<V: Visitor<'a>>(self, visitor: V, without_nulls: bool) -> Result<V::Value, Error> {
        let rest = self
            .node
            .entries()
            .filter(move |entry| !(without_nulls && entry.value.is_null()));
        visitor.visit_map(Entries {
            reader: self,
            rest,
            value: None,
        })
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.node.value() {
                Value::Float(value) => match scalar::whole(value) {
                    Some(whole) => visitor.visit_i64(whole),
                    None => visitor.visit_f64(value),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::UInt(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List => self.list(visitor),
            Value::Map => self.map(visitor, false),
        }
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.value() {
            Value::Map | Value::Null => self.map(visitor, true),
            // a derived struct would take a list for its fields in their order
            Value::List => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.value() {
            Value::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Value::Map => {
                let mut entries = self.node.entries();
                match (entries.next(), entries.next()) {
                    (Some(entry), None) => visitor.visit_enum(Variant {
                        reader: self,
                        entry,
                    }),
                    _ => Err(Error::custom("expected a mapping with exactly one key")),
                }
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(ignored) = self.ignored {
            ignored.borrow_mut().push(self.node.id());
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

struct Items<'a, 'r, I> {
    reader: Reader<'a, 'r>,
    rest: I,
}

impl<'a, I: ExactSizeIterator<Item = Node<'a>>> SeqAccess<'a> for Items<'a, '_, I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.rest
            .next()
            .map(|item| seed.deserialize(self.reader.below(item)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'a, 'r, I> {
    reader: Reader<'a, 'r>,
    rest: I,
    value: Option<Node<'a>>,
}

impl<'a, I: Iterator<Item = Entry<'a>>> MapAccess<'a> for Entries<'a, '_, I> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(entry) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(entry.value);
        seed.deserialize(BorrowedStrDeserializer::new(entry.key))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Error::custom("a value without its key"))?;
        seed.deserialize(self.reader.below(value))
    }
}

/// `{variant: content}`.
struct Variant<'a, 'r> {
    reader: Reader<'a, 'r>,
    entry: Entry<'a>,
}

impl<'a, 'r> EnumAccess<'a> for Variant<'a, 'r> {
    type Error = Error;
    type Variant = Reader<'a, 'r>;

    fn variant_seed<V: DeserializeSeed<'a>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Error> {
        let variant = seed.deserialize(BorrowedStrDeserializer::new(self.entry.key))?;
        Ok((variant, self.reader.below(self.entry.value)))
    }
}

impl<'a> VariantAccess<'a> for Reader<'a, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
