//! Sums by time inside one row: a bounded list of days or hours, in order.
//!
//! What is kept is bounded by number and not by age, so that one instant far ahead drops nothing but the oldest entry. Knows nothing about
//! what is summed.

/// An entry of such a list.
pub trait Dated: Default {
    /// Its day or hour since the epoch.
    fn place(&self) -> i32;
    /// One of this day or hour with nothing in it.
    fn at(place: i32) -> Self;
}

/// The entry of a day or hour, made where there is none. `None`: the list is full of later ones.
pub fn entry<D: Dated>(list: &mut Vec<D>, place: i32, most: usize) -> Option<&mut D> {
    let found = match list.binary_search_by_key(&place, Dated::place) {
        Ok(found) => found,
        Err(0) if list.len() >= most => return None,
        Err(found) => {
            list.insert(found, D::at(place));
            if list.len() > most {
                list.remove(0);
                found - 1
            } else {
                found
            }
        }
    };
    list.get_mut(found)
}

/// Entries of the last `count` days or hours up to and with `now`; what lies ahead does not count.
pub fn last<D: Dated>(list: &[D], now: i32, count: i32) -> impl Iterator<Item = &D> {
    let first = now.saturating_sub(count);
    list.iter().filter(move |entry| entry.place() > first && entry.place() <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Day(i32, u32);

    impl Dated for Day {
        fn place(&self) -> i32 {
            self.0
        }
        fn at(place: i32) -> Self {
            Self(place, 0)
        }
    }

    #[test]
    fn entries_are_in_order_and_the_oldest_goes() {
        let mut list: Vec<Day> = Vec::new();
        for place in [5, 3, 5, 9, 4, 4, i32::MAX, 1] {
            if let Some(entry) = entry(&mut list, place, 4) {
                entry.1 += 1;
            }
        }
        assert_eq!(list, [Day(4, 2), Day(5, 2), Day(9, 1), Day(i32::MAX, 1)], "3 went, 1 was too old");
        let seen = |now, count| last(&list, now, count).map(Dated::place).collect::<Vec<_>>();
        assert_eq!(seen(9, 5), [5, 9], "neither what lies ahead nor what is older");
        assert_eq!(seen(8, 5), [4, 5]);
        assert_eq!(seen(i32::MIN, 5), [0; 0]);
    }
}
