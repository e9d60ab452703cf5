//! For each line that helm printed, the line of the template that it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::mark::Marked;
use super::output::{Piece, pieces};

/// A piece of marked output, and the lines that its marks name.
type Known<'o> = (Piece<'o>, Vec<Option<u32>>);

/// For each piece of the output, the lines of the template that its lines come from. Where that is not
/// sure, the line is that of the nearest line above it which is.
pub(super) fn of(plain: &str, marked: &Marked) -> Vec<Vec<u32>> {
    let all = marked.lines();
    let breaks: Vec<usize> = marked.text.match_indices('\n').map(|(at, _)| at).collect();
    let known = pieces(&marked.text).into_iter().map(|piece| {
        let first = breaks.partition_point(|&at| at < piece.start);
        let count = piece.text.lines().count();
        let own = all.get(first..(first + count).min(all.len()));
        (piece, own.unwrap_or(&[]).to_vec())
    });
    let known: Vec<Known<'_>> = known.collect();
    let plain = pieces(plain);
    let pairs = pairs(&plain, &known);
    let line = |(piece, pair): (&Piece<'_>, Option<usize>)| {
        filled(match pair.and_then(|pair| known.get(pair)) {
            Some((marked, lines)) => aligned(piece.text, marked.text, lines),
            None => piece.text.lines().map(|_| None).collect(),
        })
    };
    plain.iter().zip(pairs).map(line).collect()
}

/// For each piece, the marked one that is the same but for its marks: the one that says the same, else
/// the next of its template that is nobody's.
fn pairs(plain: &[Piece<'_>], known: &[Known<'_>]) -> Vec<Option<usize>> {
    let mut equal: BTreeMap<(&str, &str), VecDeque<usize>> = BTreeMap::new();
    for (number, (piece, _)) in known.iter().enumerate() {
        let same = equal.entry((piece.source, piece.text.trim_end()));
        same.or_default().push_back(number);
    }
    let mut pairs: Vec<Option<usize>> = Vec::with_capacity(plain.len());
    for piece in plain {
        let same = equal.get_mut(&(piece.source, piece.text.trim_end()));
        pairs.push(same.and_then(VecDeque::pop_front));
    }
    let mut left: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
    let taken: BTreeSet<usize> = pairs.iter().flatten().copied().collect();
    for (number, (piece, _)) in known.iter().enumerate() {
        if !taken.contains(&number) {
            left.entry(piece.source).or_default().push_back(number);
        }
    }
    for (piece, pair) in plain.iter().zip(&mut pairs) {
        if pair.is_none() {
            *pair = left.get_mut(piece.source).and_then(VecDeque::pop_front);
        }
    }
    pairs
}

/// The lines of a piece that is no template: what lies in `crds` is printed as it is.
pub(super) fn of_verbatim(piece: &Piece<'_>, file: &str) -> Option<Vec<u32>> {
    let text = piece.text.trim_end();
    let at = file
        .find(text)
        .filter(|_| piece.source.contains("/crds/"))?;
    let before = file.as_bytes().get(..at)?;
    let first = before.iter().filter(|&&byte| byte == b'\n').count() as u32 + 1;
    Some((first..).take(piece.text.lines().count()).collect())
}

/// The lines of two texts that should be one: those that differ, as what they hold is made up anew
/// each time, stand where they stand; if there are more or fewer, only those before and behind count.
fn aligned(plain: &str, marked: &str, lines: &[Option<u32>]) -> Vec<Option<u32>> {
    let plain: Vec<&str> = plain.lines().collect();
    let marked: Vec<&str> = marked.lines().collect();
    let same = |(one, other): &(&&str, &&str)| one.trim_end() == other.trim_end();
    let equal = plain.iter().zip(&marked).filter(same).count();
    if plain.len() == marked.len() && equal * 2 >= plain.len() {
        return lines.to_vec();
    }
    let before = plain.iter().zip(&marked).take_while(same).count();
    let behind = plain.iter().rev().zip(marked.iter().rev());
    let behind = behind.take_while(same).count();
    let behind = behind.min(plain.len().min(marked.len()) - before);
    let middle = plain.len() - before - behind;
    let first = lines.iter().take(before).copied();
    let last = lines.iter().skip(marked.len() - behind).copied();
    first
        .chain(std::iter::repeat_n(None, middle))
        .chain(last)
        .collect()
}

fn filled(lines: Vec<Option<u32>>) -> Vec<u32> {
    let mut last = lines.iter().flatten().next().copied().unwrap_or(1);
    let fill = |line: Option<u32>| {
        last = line.unwrap_or(last);
        last
    };
    lines.into_iter().map(fill).collect()
}
