//! Anything that serde can write, as a value of the policy engine, with nothing in between.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use regorus::Value;
use serde::ser::{self, Serialize};

/// Converts `of`. Numbers that JSON does not have become null, keys become strings.
///
/// # Errors
/// In words, when a key is no string, number or truth value, or a part refuses to be written.
pub(super) fn to_value(of: &impl Serialize) -> Result<Value, Error> {
    of.serialize(ToValue)
}

/// Why something cannot be a value.
#[derive(Debug)]
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Field names as values: each is made once and shared by all objects.
fn field_name(name: &'static str) -> Value {
    thread_local! {
        static NAMES: RefCell<HashMap<&'static str, Value>> = RefCell::default();
    }
    NAMES.with_borrow_mut(|names| {
        names
            .entry(name)
            .or_insert_with(|| Value::from(name))
            .clone()
    })
}

struct ToValue;

impl ser::Serializer for ToValue {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, v: bool) -> Result<Value, Error> {
        Ok(Value::Bool(v))
    }

    fn serialize_i8(self, v: i8) -> Result<Value, Error> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<Value, Error> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<Value, Error> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(self, v: i64) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_i128(self, v: i128) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_u8(self, v: u8) -> Result<Value, Error> {
        self.serialize_u64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<Value, Error> {
        self.serialize_u64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<Value, Error> {
        self.serialize_u64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_u128(self, v: u128) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_f32(self, v: f32) -> Result<Value, Error> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<Value, Error> {
        Ok(if v.is_finite() {
            Value::from(v)
        } else {
            Value::Null
        })
    }

    fn serialize_char(self, v: char) -> Result<Value, Error> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<Value, Error> {
        Ok(Value::from(v))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<Value, Error> {
        let bytes = v.iter().map(|&b| Value::from(u64::from(b)));
        Ok(Value::from(bytes.collect::<Vec<_>>()))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, v: &T) -> Result<Value, Error> {
        v.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        v: &T,
    ) -> Result<Value, Error> {
        v.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        v: &T,
    ) -> Result<Value, Error> {
        Ok(tagged(variant, v.serialize(Self)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, Error> {
        Ok(Items::new(None, len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Items, Error> {
        Ok(Items::new(None, Some(len)))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items, Error> {
        Ok(Items::new(None, Some(len)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items, Error> {
        Ok(Items::new(Some(variant), Some(len)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Error> {
        Ok(Fields::new(Some(variant)))
    }
}

fn tagged(variant: &str, value: Value) -> Value {
    Value::from(BTreeMap::from([(Value::from(variant), value)]))
}

fn tag_if(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => tagged(variant, value),
        None => value,
    }
}

/// A list that is being written.
struct Items {
    variant: Option<&'static str>,
    values: Vec<Value>,
}

impl Items {
    fn new(variant: Option<&'static str>, len: Option<usize>) -> Self {
        // what a list says of its length may be wrong, so it is only believed so far
        let values = Vec::with_capacity(len.unwrap_or(0).min(1 << 16));
        Self { variant, values }
    }

    fn push<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.values.push(v.serialize(ToValue)?);
        Ok(())
    }

    fn done(self) -> Value {
        tag_if(self.variant, Value::from(self.values))
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.push(v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.push(v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.push(v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

impl ser::SerializeTupleVariant for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.push(v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

/// An object that is being written.
struct Fields {
    variant: Option<&'static str>,
    key: Option<Value>,
    values: BTreeMap<Value, Value>,
}

impl Fields {
    fn new(variant: Option<&'static str>) -> Self {
        Self {
            variant,
            key: None,
            values: BTreeMap::new(),
        }
    }

    fn put<T: Serialize + ?Sized>(&mut self, key: &'static str, v: &T) -> Result<(), Error> {
        self.values.insert(field_name(key), v.serialize(ToValue)?);
        Ok(())
    }

    fn done(self) -> Value {
        tag_if(self.variant, Value::from(self.values))
    }
}

impl ser::SerializeMap for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(match key.serialize(ToValue)? {
            key @ Value::String(_) => key,
            key @ (Value::Number(_) | Value::Bool(_)) => Value::from(key.to_string()),
            _ => return Err(ser::Error::custom("a key that is no string")),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        let no_key = || ser::Error::custom("a value without its key");
        let key = self.key.take().ok_or_else(no_key)?;
        self.values.insert(key, v.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

impl ser::SerializeStruct for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        v: &T,
    ) -> Result<(), Error> {
        self.put(key, v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

impl ser::SerializeStructVariant for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        v: &T,
    ) -> Result<(), Error> {
        self.put(key, v)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use serde::Serialize;

    use super::{BTreeMap, Value, to_value};

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { a: u8 },
    }

    #[derive(Serialize)]
    struct All<'a> {
        text: &'a str,
        letter: char,
        yes: bool,
        small: i8,
        big: u64,
        huge: u128,
        half: f32,
        nan: f64,
        some: Option<u16>,
        none: Option<u16>,
        list: Vec<u32>,
        pair: (u8, &'a str),
        ports: HashMap<u16, &'a str>,
        flags: BTreeMap<bool, ()>,
        shapes: [Shape; 4],
    }

    fn all() -> All<'static> {
        All {
            text: "ü\"",
            letter: 'x',
            yes: true,
            small: -3,
            big: u64::MAX,
            huge: u128::from(u64::MAX) + 1,
            half: 0.5,
            nan: f64::NAN,
            some: Some(8443),
            none: None,
            list: vec![1, 2],
            pair: (1, "b"),
            ports: HashMap::from([(80, "http")]),
            flags: BTreeMap::from([(true, ())]),
            shapes: [
                Shape::Unit,
                Shape::Newtype(1),
                Shape::Tuple(1, 2),
                Shape::Struct { a: 1 },
            ],
        }
    }

    #[test]
    fn a_value_is_what_json_would_have_been() {
        let through_json = serde_json::to_string(&all()).unwrap();
        let expected = Value::from_json_str(&through_json).unwrap();
        assert_eq!(to_value(&all()).unwrap(), expected);
    }

    #[test]
    fn numbers_stay_exact() {
        assert_eq!(to_value(&u64::MAX).unwrap().as_u64().unwrap(), u64::MAX);
        assert_eq!(to_value(&-3i8).unwrap().as_i64().unwrap(), -3);
    }

    #[test]
    fn a_key_that_is_no_string_is_refused() {
        assert!(to_value(&BTreeMap::from([(vec![1], 2)])).is_err());
    }
}
