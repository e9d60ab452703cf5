//! Lists whose items are merged, by the keys that tell them apart.
//! `kustomize: kyaml/yaml/walk/associative_sequence.go`; what that does with items that lack one of
//! several keys is odd (a patch may then change nothing), and is done here as well.

use super::Refused;
use super::arena::{Id, Sort, What};
use super::limits::MOST;
use super::merge::{Directive, Merge, Outcome, Pair};
use super::schema::{Below, Shape};

/// The key of items that are scalars: they are told apart by themselves.
const ITSELF: &str = "";

/// The values of the keys of an item; an empty one, where it has none.
type Values = Vec<String>;

impl Merge {
    pub(super) fn list(
        &mut self,
        pair: Pair,
        keys: &[&str],
        shape: &'static Shape,
    ) -> Result<Outcome, Refused> {
        let list = match self.start_of_list(pair)? {
            Outcome::Is(list) => list,
            other => return Ok(other),
        };
        let pair = Pair {
            object: Some(list),
            ..pair
        };
        let lists = [Some(list), pair.patch].into_iter().flatten();
        let items: usize = lists.map(|list| self.arena.items(list).len()).sum();
        if items > MOST {
            return Err(self.refused(list, "this list has more items than are merged"));
        }
        let keys = if keys.is_empty() { &[ITSELF][..] } else { keys };
        let mut all = self.values(pair, keys);
        if keys.len() > 1 {
            fill(&mut all);
        }
        let Some(place) = self.arena.place(list) else {
            return Ok(Outcome::Gone);
        };
        let merged = self.arena.push(What::List(Vec::new()), place);
        let known: Vec<usize> = (0..keys.len())
            .filter(|at| all.iter().any(|values| has(values, *at)))
            .collect();
        let valid = chosen(keys, &known);
        for values in &all {
            let values = chosen(values, &known);
            let items = self.items_with(pair, &valid, &values);
            match self.walk(items, Some(Below::Map(shape)))?.id() {
                Some(item) if !self.is_nothing(item) => {
                    self.put(merged, Some(item), &valid, &values)?;
                }
                _ => self.put(list, None, &valid, &values)?,
            }
        }
        if !all.is_empty() {
            self.append(merged, list, &valid)?;
            return Ok(Outcome::Is(merged));
        }
        Ok(Outcome::Is(list))
    }

    /// The list that the items of a patch are merged into.
    fn start_of_list(&mut self, Pair { object, patch }: Pair) -> Result<Outcome, Refused> {
        let Some(there) = object.filter(|object| !self.arena.is_null(*object)) else {
            return Ok(patch.into());
        };
        let Some(patch) = patch else {
            return Ok(Outcome::Is(there));
        };
        if self.arena.is_null(patch) {
            return Ok(Outcome::Gone);
        }
        Ok(match self.directive_of_list(patch)? {
            Directive::Delete => Outcome::Gone,
            Directive::Replace => Outcome::Is(patch),
            Directive::Merge => Outcome::Is(there),
        })
    }

    /// Takes the items that are a directive and nothing else out of a list of a patch.
    fn directive_of_list(&mut self, patch: Id) -> Result<Directive, Refused> {
        let mut items = self.arena.items(patch).iter().copied();
        let with_directive = items.find_map(|item| Some((item, self.arena.get(item, "$patch")?)));
        let Some((item, value)) = with_directive else {
            return Ok(Directive::Merge);
        };
        if self.arena.entries(item).len() > 1 {
            return Ok(Directive::Merge);
        }
        let directive = self.directive(value)?;
        let text = self.arena.text(value);
        self.put(patch, None, &["$patch"], &[text])?;
        Ok(directive)
    }

    /// The values of the keys of all items, each once, those of the patch first.
    fn values(&self, pair: Pair, keys: &[&str]) -> Vec<Values> {
        let mut all: Vec<Values> = Vec::new();
        let lists = [pair.patch, pair.object].into_iter().flatten();
        for item in lists.flat_map(|list| self.arena.items(list)) {
            let value = |key: &&str| match *key {
                ITSELF => self.arena.text(*item),
                key => {
                    let value = self.arena.get(*item, key);
                    let value = value.filter(|value| self.arena.sort(*value).is_some());
                    value.map_or_else(String::new, |value| self.arena.text(value))
                }
            };
            let values: Values = keys.iter().map(value).collect();
            if !all.contains(&values) {
                all.push(values);
            }
        }
        all
    }

    /// The items of both lists that have some values.
    fn items_with(&self, pair: Pair, keys: &[&str], values: &[String]) -> Pair {
        // only those that are there count, if any is
        let some = values.iter().any(|value| !value.is_empty());
        let wanted = keys.iter().zip(values);
        let wanted: Vec<_> = wanted
            .filter(|(_, value)| !some || !value.is_empty())
            .collect();
        let is_wanted = |item: &Id| {
            wanted.iter().all(|(key, value)| match **key {
                ITSELF => self.arena.text(*item) == **value,
                key => {
                    let found = self.arena.get(*item, key);
                    found.is_some_and(|found| self.arena.text(found) == **value)
                }
            })
        };
        let find = |list: Option<Id>| self.arena.items(list?).iter().copied().find(is_wanted);
        Pair {
            object: find(pair.object),
            patch: find(pair.patch),
        }
    }

    fn is_nothing(&self, item: Id) -> bool {
        self.arena.is_null(item) || self.arena.is_empty_map(item)
    }

    /// Puts an item in the place of those that have the same values, or behind all others; without an
    /// item, takes those out.
    fn put(
        &mut self,
        list: Id,
        item: Option<Id>,
        keys: &[&str],
        values: &[String],
    ) -> Result<(), Refused> {
        let of_maps = keys.first() != Some(&ITSELF);
        let of_maps = of_maps && values.first().is_some_and(|value| !value.is_empty());
        let mut kept = Vec::new();
        let mut is_in = false;
        for other in self.arena.items(list).to_vec() {
            if self.is_nothing(other) {
                continue;
            }
            if of_maps && self.arena.sort(other) != Some(Sort::Map) {
                kept.push(other);
            } else if self.is_meant(other, keys, values)? {
                is_in = true;
                kept.extend(item);
            } else if !values.is_empty() {
                kept.push(other);
            }
        }
        let item = item.filter(|item| !is_in && !self.arena.is_null(*item));
        kept.extend(item);
        if let Some(What::List(items)) = self.arena.what_mut(list) {
            *items = kept;
        }
        Ok(())
    }

    /// Whether an item has all values that are given; an empty one stands for any.
    fn is_meant(&self, item: Id, keys: &[&str], values: &[String]) -> Result<bool, Refused> {
        for (key, value) in keys.iter().zip(values) {
            let is_meant = match (*key, self.arena.sort(item)) {
                (ITSELF, Some(Sort::Scalar)) => self.arena.text(item) == *value,
                (ITSELF, _) | (_, Some(Sort::Scalar | Sort::List)) => {
                    let reason = "an item of this list is of another type than the others";
                    return Err(self.refused(item, reason));
                }
                (key, _) => {
                    let found = self.arena.get(item, key);
                    found.is_some_and(|id| value.is_empty() || self.arena.text(id) == *value)
                }
            };
            if !is_meant {
                return Ok(false);
            }
        }
        Ok(!values.is_empty())
    }

    /// Puts all items of a list into another.
    fn append(&mut self, merged: Id, list: Id, keys: &[&str]) -> Result<(), Refused> {
        for item in self.arena.items(list).to_vec() {
            if keys.first() == Some(&ITSELF) {
                let text = self.arena.text(item);
                self.put(merged, Some(item), keys, &[text])?;
                continue;
            }
            let mut values = Values::new();
            for key in keys {
                if matches!(self.arena.sort(item), Some(Sort::Scalar | Sort::List)) {
                    let reason = "an item of this list is of another type than the others";
                    return Err(self.refused(item, reason));
                }
                match (self.arena.get(item, key), self.arena.what_mut(merged)) {
                    (Some(value), _) => values.push(self.arena.text(value)),
                    (None, Some(What::List(items))) => items.push(item),
                    (None, _) => {}
                }
            }
            if keys.len() > 1 {
                self.put(merged, None, keys, &values)?;
            }
            self.put(merged, Some(item), keys, &values)?;
        }
        Ok(())
    }
}

/// Some of all; all, if none is chosen.
fn chosen<T: Clone>(all: &[T], places: &[usize]) -> Vec<T> {
    match places.is_empty() {
        true => all.to_vec(),
        false => places
            .iter()
            .filter_map(|at| all.get(*at).cloned())
            .collect(),
    }
}

fn has(values: &[String], at: usize) -> bool {
    values.get(at).is_some_and(|value| !value.is_empty())
}

/// Gives items that lack a key the value that another has which is otherwise the same.
fn fill(all: &mut [Values]) {
    for one in 0..all.len() {
        // what this one gets counts for the others only when it is their turn
        let values = all.get(one).cloned().unwrap_or_default();
        for other in 0..all.len() {
            let both = all.get(other).and_then(|other| joined(&values, other));
            if let Some(both) = both {
                for at in [one, other] {
                    all.get_mut(at)
                        .into_iter()
                        .for_each(|values| values.clone_from(&both));
                }
            }
        }
    }
}

/// The values of two items that have one in common and differ only where one has none.
fn joined(one: &[String], other: &[String]) -> Option<Values> {
    let pairs = || one.iter().zip(other);
    let is_same = pairs().any(|(one, other)| one == other);
    let fits = pairs().all(|(one, other)| one == other || one.is_empty() || other.is_empty());
    let filled =
        |(one, other): (&String, &String)| if one.is_empty() { other } else { one }.clone();
    (is_same && fits).then(|| pairs().map(filled).collect())
}
