//! Whether what was printed is a value.

use crate::syntax::{Kind, Node, Tree, Value};

/// Whether a value was printed as YAML.
pub(super) fn is(value: &Tree, printed: Node<'_>) -> bool {
    match &value.kind {
        Kind::List(items) => {
            let others = printed.items();
            printed.is_list()
                && items.len() == others.len()
                && items
                    .iter()
                    .zip(others)
                    .all(|(item, other)| is(item, other))
        }
        Kind::Map(fields) => {
            let is_field = |field: &crate::syntax::Field| {
                let other = printed.get(&field.key);
                other.is_some_and(|other| is(&field.value, other))
            };
            printed.is_map()
                && fields.len() == printed.entries().len()
                && fields.iter().all(is_field)
        }
        Kind::Null => printed.is_null(),
        Kind::Text(text) => printed.as_str() == Some(text),
        Kind::Bool(flag) => printed.as_bool() == Some(*flag),
        Kind::Int(_) | Kind::UInt(_) | Kind::Float(_) => {
            printed.as_str().is_none() && says(value, printed)
        }
    }
}

/// Whether a single value was printed, in quotes or not.
pub(super) fn says(value: &Tree, printed: Node<'_>) -> bool {
    let own = match &value.kind {
        Kind::Text(text) => text.clone(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::UInt(number) => number.to_string(),
        Kind::Float(number) => number.to_string(),
        Kind::Null | Kind::List(_) | Kind::Map(_) => return false,
    };
    let other = match printed.value() {
        Value::Text(text) => text.to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Null | Value::List | Value::Map => return false,
    };
    own == other
}
