//! How often somebody without a key may ask for something: so many times in a minute, by address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{limits, server::whose};

/// What addresses have used in the minute that goes on.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    /// Minutes since the process began.
    minute: u64,
    by_address: HashMap<IpAddr, u32>,
}

impl Rates {
    /// Whether there is one left.
    ///
    /// # Errors
    /// There is none: seconds until there is.
    pub(crate) fn left(&self, address: IpAddr, now: Duration, most: u32) -> Result<(), u32> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = used.by_address.get(&whose(address)).copied().unwrap_or_default();
        if used.minute == now.as_secs() / 60 && count >= most {
            return Err(u32::try_from(60 - now.as_secs() % 60).unwrap_or(60));
        }
        Ok(())
    }

    /// Takes one use.
    ///
    /// # Errors
    /// There is none left: seconds until there is.
    pub(crate) fn take(&self, address: IpAddr, now: Duration, most: u32) -> Result<(), u32> {
        let address = whose(address);
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_secs() / 60;
        if used.minute != minute {
            used.minute = minute;
            used.by_address.clear();
        }
        let wait = u32::try_from(60 - now.as_secs() % 60).unwrap_or(60);
        if used.by_address.len() >= limits::ADDRESSES_REMEMBERED && !used.by_address.contains_key(&address) {
            return Err(wait);
        }
        let count = used.by_address.entry(address).or_default();
        if *count >= most {
            return Err(wait);
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_minute_and_then_again_in_the_next() {
        let (rates, one, other) = (Rates::default(), IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let at = Duration::from_secs;
        assert_eq!([0, 1, 2].map(|second| rates.take(one, at(second), 2)), [Ok(()), Ok(()), Err(58)]);
        assert_eq!((rates.left(one, at(2), 2), rates.left(one, at(60), 2)), (Err(58), Ok(())));
        assert_eq!(rates.left(other, at(2), 2), Ok(()));
        assert_eq!(rates.take(other, at(2), 2), Ok(()), "others are not concerned");
        assert_eq!(rates.take(one, at(60), 2), Ok(()));
    }
}
