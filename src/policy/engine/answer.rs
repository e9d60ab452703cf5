//! What a rule answered: `{"msg", "at", "related": [{"at", "msg"}]?, "severity"?}`, and no more.

use regorus::Value;
use regorus::value::Object;

use crate::finding::Severity;

/// One result of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What is wrong.
    pub(crate) msg: String,
    /// Where.
    pub(crate) at: String,
    /// Other places: address and what is there.
    pub(crate) related: Vec<(String, String)>,
    /// How bad, where it is not what the rule's metadata says.
    pub(crate) severity: Option<Severity>,
}

/// Reads what `deny` is: a set (or list) of results, or undefined.
///
/// # Errors
/// In words, when anything in it has another form.
pub(super) fn read(deny: &Value) -> Result<Vec<Answer>, String> {
    match deny {
        Value::Undefined => Ok(Vec::new()),
        Value::Set(set) => set.iter_sorted().map(answer).collect(),
        Value::Array(list) => list.iter().map(answer).collect(),
        _ => Err("`deny` is no set of results".to_owned()),
    }
}

fn answer(value: &Value) -> Result<Answer, String> {
    let object = object(value, "a result", &["msg", "at", "related", "severity"])?;
    Ok(Answer {
        msg: text(object, "msg")?,
        at: text(object, "at")?,
        related: related(object)?,
        severity: severity(object)?,
    })
}

fn related(of: &Object) -> Result<Vec<(String, String)>, String> {
    let items: Vec<&Value> = match of.get(&Value::from("related")) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(Value::Set(items)) => items.iter_sorted().collect(),
        Some(_) => return Err("`related` is no list".to_owned()),
    };
    let read = |item: &&Value| {
        let item = object(item, "a related place", &["at", "msg"])?;
        Ok((text(item, "at")?, text(item, "msg")?))
    };
    items.iter().map(read).collect()
}

fn severity(of: &Object) -> Result<Option<Severity>, String> {
    match of.get(&Value::from("severity")) {
        None => Ok(None),
        Some(_) => text(of, "severity")?.parse().map(Some),
    }
}

fn object<'a>(value: &'a Value, what: &str, known: &[&str]) -> Result<&'a Object, String> {
    let Value::Object(object) = value else {
        return Err(format!("{what} is no object"));
    };
    for key in object.keys_sorted() {
        let is_known = |name: &str| known.contains(&name);
        if !key.as_string().is_ok_and(|name| is_known(name)) {
            return Err(format!("{what} has {key}, which is not known"));
        }
    }
    Ok(object)
}

fn text(of: &Object, name: &str) -> Result<String, String> {
    match of.get(&Value::from(name)) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.to_string()),
        Some(Value::String(_)) => Err(format!("`{name}` is empty")),
        Some(_) => Err(format!("`{name}` is no string")),
        None => Err(format!("`{name}` is missing")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn from(json: &str) -> Result<Vec<Answer>, String> {
        read(&Value::from_json_str(json).unwrap())
    }

    #[test]
    fn a_result_is_read_whole() {
        let read = from(
            r#"[{"msg": "m", "at": "a", "related": [{"at": "b", "msg": "n"}], "severity": "low"}]"#,
        );
        let expected = Answer {
            msg: "m".into(),
            at: "a".into(),
            related: vec![("b".into(), "n".into())],
            severity: Some(Severity::Low),
        };
        assert_eq!(read, Ok(vec![expected]));
    }

    #[test]
    fn every_other_form_is_refused() {
        for (json, message) in [
            ("true", "`deny` is no set of results"),
            ("[1]", "a result is no object"),
            (r#"[{"at": "a"}]"#, "`msg` is missing"),
            (r#"[{"msg": "m", "at": 3}]"#, "`at` is no string"),
            (r#"[{"msg": "", "at": "a"}]"#, "`msg` is empty"),
            (
                r#"[{"msg": "m", "at": "a", "line": 3}]"#,
                "a result has \"line\", which is not known",
            ),
            (
                r#"[{"msg": "m", "at": "a", "related": "b"}]"#,
                "`related` is no list",
            ),
            (
                r#"[{"msg": "m", "at": "a", "severity": "bad"}]"#,
                "\"bad\" is no severity: critical, high, medium, low or info",
            ),
        ] {
            assert_eq!(from(json), Err(message.to_owned()), "{json}");
        }
    }
}
