//! Tokens to fields, as they are written.

use std::borrow::Cow;

use super::super::builder::Failure;
use super::super::{MAX_DEPTH, MAX_EXPANDED_NODES};
use super::scan::{Kind, Scanner, Token};
use super::value;

/// A key with its value. A label of a block is the only key of a mapping of its own.
pub(super) struct Field<'t> {
    pub(super) key: Key<'t>,
    pub(super) labelled: bool,
    pub(super) value: Value<'t>,
}

pub(super) struct Key<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) struct Value<'t> {
    pub(super) what: What<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) enum What<'t> {
    Text(Cow<'t, str>),
    Bool(bool),
    Int(i64),
    Float(f64),
    List(Vec<Value<'t>>),
    Map(Vec<Field<'t>>),
}

/// A whole text.
pub(super) struct File<'t> {
    pub(super) fields: Vec<Field<'t>>,
    /// Where its comments of one line are.
    pub(super) comments: Vec<(usize, usize)>,
}

/// Reads a text as it is written.
pub(super) fn read(text: &str) -> Result<File<'_>, Failure> {
    let mut scanner = Scanner::new(text);
    let next = scanner.next()?;
    let mut reader = Reader {
        text,
        scanner,
        next,
        values: 0,
    };
    Ok(File {
        fields: reader.fields(None, 1)?,
        comments: reader.scanner.comments,
    })
}

/// Looks one token ahead.
struct Reader<'t> {
    text: &'t str,
    scanner: Scanner<'t>,
    next: Token,
    /// How many were read.
    values: u64,
}

impl<'t> Reader<'t> {
    /// The fields of a mapping, up to its closing brace; `opened` is where that was opened.
    fn fields(&mut self, opened: Option<usize>, depth: u32) -> Result<Vec<Field<'t>>, Failure> {
        let mut fields = Vec::new();
        loop {
            match (self.next.kind, opened) {
                (Kind::End, None) | (Kind::CloseBrace, Some(_)) => return Ok(fields),
                (Kind::End, Some(opened)) => return fail(opened, "this `{` is never closed"),
                _ => {}
            }
            fields.push(self.field(depth)?);
            if self.next.kind == Kind::Comma {
                self.take()?;
            }
        }
    }

    fn field(&mut self, depth: u32) -> Result<Field<'t>, Failure> {
        let key = self.key()?;
        let mut labels = Vec::new();
        while matches!(self.next.kind, Kind::Word | Kind::Quoted) {
            labels.push(self.key()?);
            self.check_size(depth + labels.len() as u32)?;
        }
        let mut value = match self.next.kind {
            Kind::Assign if labels.is_empty() => {
                self.take()?;
                self.value(depth)?
            }
            Kind::OpenBrace => self.map(depth + labels.len() as u32)?,
            Kind::Assign => return fail(self.next.start, "only a block `{ … }` may have labels"),
            Kind::Colon => return fail(self.next.start, "in HCL `=` stands before a value"),
            _ => {
                let reason = format!("after the key `{}` comes `=` or `{{`", key.text);
                return fail(self.next.start, &reason);
            }
        };
        let labelled = !labels.is_empty();
        for key in labels.into_iter().rev() {
            value = Value {
                start: key.start,
                end: value.end,
                what: What::Map(vec![Field {
                    key,
                    labelled: false,
                    value,
                }]),
            };
        }
        Ok(Field {
            key,
            labelled,
            value,
        })
    }

    fn key(&mut self) -> Result<Key<'t>, Failure> {
        let Token { kind, start, end } = self.take()?;
        let written = self.text.get(start..end).unwrap_or("");
        let text = match kind {
            Kind::Word => Cow::Borrowed(written),
            Kind::Quoted => unquoted(written, start)?,
            Kind::CloseBrace => return fail(start, "no `{` stands before this `}`"),
            Kind::CloseBracket => return fail(start, "no `[` stands before this `]`"),
            _ => return fail(start, "a key should stand here"),
        };
        Ok(Key { text, start, end })
    }

    fn value(&mut self, depth: u32) -> Result<Value<'t>, Failure> {
        match self.next.kind {
            Kind::OpenBrace => return self.map(depth),
            Kind::OpenBracket => return self.list(depth),
            _ => {}
        }
        self.check_size(depth)?;
        let Token { kind, start, end } = self.take()?;
        let written = self.text.get(start..end).unwrap_or("");
        let what = match kind {
            Kind::Quoted => What::Text(unquoted(written, start)?),
            Kind::Heredoc => What::Text(value::heredoc(written).into()),
            Kind::Bool => What::Bool(written == "true"),
            Kind::Int => match value::int(written) {
                Some(number) => What::Int(number),
                None => return fail(start, "no whole number of 64 bits"),
            },
            Kind::Float => match value::float(written) {
                Some(number) => What::Float(number),
                None => return fail(start, "no number"),
            },
            Kind::Word => {
                let reason = format!("`{written}` is no value; text stands in double quotes");
                return fail(start, &reason);
            }
            _ => return fail(start, "a value should stand here"),
        };
        Ok(Value { what, start, end })
    }

    fn map(&mut self, depth: u32) -> Result<Value<'t>, Failure> {
        self.check_size(depth)?;
        let start = self.take()?.start;
        let fields = self.fields(Some(start), depth + 1)?;
        Ok(Value {
            what: What::Map(fields),
            start,
            end: self.take()?.end,
        })
    }

    fn list(&mut self, depth: u32) -> Result<Value<'t>, Failure> {
        self.check_size(depth)?;
        let start = self.take()?.start;
        let mut items: Vec<Value> = Vec::new();
        let mut wants_comma = false;
        loop {
            match self.next.kind {
                Kind::CloseBracket => break,
                Kind::End => return fail(start, "this `[` is never closed"),
                Kind::Comma => {
                    self.take()?;
                    wants_comma = false;
                }
                _ if wants_comma => {
                    return fail(
                        self.next.start,
                        "a comma is missing between the items of a list",
                    );
                }
                _ => {
                    let item = self.value(depth + 1)?;
                    // after a list HCL 1 asks for none
                    wants_comma = !matches!(item.what, What::List(_));
                    items.push(item);
                }
            }
        }
        Ok(Value {
            what: What::List(items),
            start,
            end: self.take()?.end,
        })
    }

    /// The next token; the one behind it comes next.
    fn take(&mut self) -> Result<Token, Failure> {
        let token = self.next;
        self.next = self.scanner.next()?;
        Ok(token)
    }

    /// Whether a further value may stand here, at this depth.
    fn check_size(&mut self, depth: u32) -> Result<(), Failure> {
        self.values += 1;
        if depth >= MAX_DEPTH {
            let reason = format!("it is nested more than {MAX_DEPTH} levels deep");
            return fail(self.next.start, &reason);
        }
        if self.values >= MAX_EXPANDED_NODES {
            let reason = format!("it has more than {MAX_EXPANDED_NODES} values; split the file");
            return fail(self.next.start, &reason);
        }
        Ok(())
    }
}

fn unquoted(written: &str, start: usize) -> Result<Cow<'_, str>, Failure> {
    value::unquote(written).map_err(|(at, reason)| Failure {
        at: start + at,
        reason: reason.to_owned(),
    })
}

pub(super) fn fail<T>(at: usize, reason: &str) -> Result<T, Failure> {
    Err(Failure {
        at,
        reason: reason.to_owned(),
    })
}
