//! Places of several environments, those that are called alike as one.

use super::names::Names;

impl Names {
    /// Puts environments with the same place together; where several have a place of their own in files
    /// that are called alike, as one with a `*` for the name.
    pub fn grouped(&self, places: impl IntoIterator<Item = (String, usize)>) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        for (place, number) in places {
            let alike = self.alike(&place, number);
            match found.iter_mut().find(|one| one.is(&place, alike.as_ref())) {
                Some(known) => known.add(place, number),
                None => found.push(Place {
                    alike,
                    places: vec![(place, vec![number])],
                }),
            }
        }
        let few = |one: Place| match one.places.len() {
            0..SEVERAL => one.apart(),
            _ => vec![one],
        };
        found.into_iter().flat_map(few).collect()
    }

    fn alike(&self, place: &str, number: usize) -> Option<String> {
        let rest = place.strip_prefix(self.full.get(number)?.as_str())?;
        let pattern = self.pattern.as_deref().unwrap_or("*");
        rest.starts_with('/').then(|| format!("{pattern}{rest}"))
    }
}

/// How many places that are called alike are shown as one.
const SEVERAL: usize = 3;

/// A place, or several that are called alike.
pub(super) struct Place {
    alike: Option<String>,
    places: Vec<(String, Vec<usize>)>,
}

impl Place {
    fn is(&self, place: &str, alike: Option<&String>) -> bool {
        let same = |(known, _): &(String, Vec<usize>)| known == place;
        self.alike.is_some() && self.alike.as_ref() == alike || self.places.iter().any(same)
    }

    fn add(&mut self, place: String, number: usize) {
        let mut places = self.places.iter_mut();
        match places.find(|(known, _)| *known == place) {
            Some((_, of)) => of.push(number),
            None => self.places.push((place, vec![number])),
        }
    }

    /// Each place by itself.
    fn apart(self) -> Vec<Self> {
        let one = |place| Self {
            alike: None,
            places: vec![place],
        };
        self.places.into_iter().map(one).collect()
    }

    /// How it is shown.
    pub fn text(&self) -> &str {
        let first = self.places.first().map_or("", |(place, _)| place.as_str());
        self.alike
            .as_deref()
            .filter(|_| self.places.len() > 1)
            .unwrap_or(first)
    }

    /// The environments.
    pub fn of(&self) -> Vec<usize> {
        let of = self.places.iter().flat_map(|(_, of)| of);
        let mut of: Vec<usize> = of.copied().collect();
        of.sort_unstable();
        of.dedup();
        of
    }
}
