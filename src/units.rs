//! Quantities with their unit in the type, so that no bare number crosses a module border.

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl std::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl std::ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::default(), |total, item| total + item)
            }
        }
    };
}

quantity! {
    /// A number of bytes.
    Bytes(u64)
}
quantity! {
    /// A number of multiply-accumulates; one MAC is two operations.
    Macs(u64)
}
quantity! {
    /// A number of clock cycles; fractional where a model predicts them.
    Cycles(f64)
}
quantity! {
    /// A time in seconds.
    Seconds(f64)
}
quantity! {
    /// An energy in joules.
    Joules(f64)
}
quantity! {
    /// A power in watts.
    Watts(f64)
}
quantity! {
    /// A frequency in hertz.
    Hertz(f64)
}

impl Cycles {
    /// The time these cycles take at `clock`.
    pub fn at(self, clock: Hertz) -> Seconds {
        Seconds(self.0 / clock.0)
    }
}

impl Joules {
    /// The average power of spending this energy `rate` times a second.
    pub fn per(self, rate: Hertz) -> Watts {
        Watts(self.0 * rate.0)
    }
}
