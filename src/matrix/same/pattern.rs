//! One name for several.

/// What names have in common, up to dashes, with a `*` for the rest.
pub(super) fn pattern<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let Some(first) = names.first() else {
        return String::new();
    };
    if names.len() == 1 {
        return (*first).to_owned();
    }
    let parts =
        |name: &str| -> Vec<String> { name.split_inclusive('-').map(str::to_owned).collect() };
    let ends = |name: &str| -> Vec<String> {
        let turned: String = name.chars().rev().collect();
        parts(&turned)
    };
    let common = |split: &dyn Fn(&str) -> Vec<String>| -> String {
        let mut shared = split(first);
        for name in &names {
            let other = split(name);
            let count = shared
                .iter()
                .zip(&other)
                .take_while(|(a, b)| a == b)
                .count();
            // something is left of each for the star
            shared.truncate(count.min(other.len().saturating_sub(1)));
        }
        shared.concat()
    };
    let before = common(&parts);
    let after: String = common(&ends).chars().rev().collect();
    let shortest = names.iter().map(|name| name.len()).min().unwrap_or(0);
    match before.len() + after.len() > shortest {
        true => format!("{before}*"),
        false => format!("{before}*{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_differs_in_names_becomes_a_star() {
        let of = |names: &[&str]| pattern(names.iter().copied());
        assert_eq!(of(&["shop"]), "shop");
        assert_eq!(of(&["shop-prod", "shop-staging"]), "shop-*");
        assert_eq!(of(&["prod-shop", "dev-shop"]), "*-shop");
        assert_eq!(of(&["a-prod-web", "a-dev-web", "a-x-y-web"]), "a-*-web");
        assert_eq!(of(&["prod", "staging"]), "*");
        assert_eq!(of(&["web", "web-dev"]), "*");
        assert_eq!(of(&["a-b", "a-b-b"]), "a-*");
        assert_eq!(of(&[]), "");
    }
}
