//! Names that were meant, and others that are like them.

/// Whether one name is the other with a letter too many, too few, or two of them swapped. Names
/// that differ in a number, or in one letter for another, are often those of twins.
pub(super) fn is_slip(name: &str, other: &str) -> bool {
    let letters =
        |text: &str| -> Vec<char> { text.chars().filter(|c| c.is_alphabetic()).collect() };
    let sorted = |text: &str| {
        let mut all = letters(text);
        all.sort_unstable();
        all
    };
    match edits(name, other) {
        1 => letters(name).len() != letters(other).len(),
        2 => letters(name) != letters(other) && sorted(name) == sorted(other),
        _ => false,
    }
}

/// Levenshtein distance.
pub(super) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, cb) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(0);
            let left = row.get(j).copied().unwrap_or(0);
            let changed = diagonal + usize::from(ca != *cb);
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = changed.min(above + 1).min(left + 1);
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn few_edits_are_near() {
        assert_eq!(super::edits("shop/web", "shop/web"), 0);
        assert_eq!(super::edits("shop/wbe", "shop/web"), 2);
        assert_eq!(super::edits("", "abc"), 3);
    }

    #[test]
    fn twins_are_no_slips() {
        assert!(super::is_slip("shopp", "shop"));
        assert!(super::is_slip("sohp", "shop"));
        assert!(!super::is_slip("team-b", "team-a"));
        assert!(!super::is_slip("shop2", "shop"));
        assert!(!super::is_slip("shop-21", "shop-12"));
        assert!(!super::is_slip("bank", "shop"));
    }
}
