//! Numbers that count what is done with them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::cell::Cell;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use milliwatt::audio::counts::Operations;
use milliwatt::audio::normalize::number::{Number, Ordered, Whole};
use num_traits::{FromPrimitive, Num, One, Signed, Zero};

thread_local! {
    static COUNTED: Cell<Operations> = const { Cell::new(none()) };
}

const fn none() -> Operations {
    Operations { adds: 0, multiplies: 0, compares: 0, shifts: 0, divides: 0, roots: 0, logs: 0, exps: 0 }
}

/// What the work does to numbers that count, and what it gives.
pub fn count<T>(work: impl FnOnce() -> T) -> (Operations, T) {
    COUNTED.set(none());
    let result = work();
    (COUNTED.get(), result)
}

fn tally(one: Operations) {
    COUNTED.set(COUNTED.get() + one);
}

fn add() {
    tally(Operations { adds: 1, ..none() });
}
fn multiply() {
    tally(Operations { multiplies: 1, ..none() });
}
fn compare() {
    tally(Operations { compares: 1, ..none() });
}
fn shift() {
    tally(Operations { shifts: 1, ..none() });
}
fn divide() {
    tally(Operations { divides: 1, ..none() });
}
fn root() {
    tally(Operations { roots: 1, ..none() });
}
fn log() {
    tally(Operations { logs: 1, ..none() });
}
fn exp() {
    tally(Operations { exps: 1, ..none() });
}

macro_rules! counting {
    ($name:ident($inner:ty)) => {
        /// A number that counts.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name(pub $inner);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                add();
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                add();
                Self(self.0 - other.0)
            }
        }
        impl Mul for $name {
            type Output = Self;
            fn mul(self, other: Self) -> Self {
                multiply();
                Self(self.0 * other.0)
            }
        }
        impl Ordered for $name {
            fn exceeds(self, other: Self) -> bool {
                compare();
                self.0 > other.0
            }
        }
    };
}

counting!(Real(f32));
counting!(Integer(i64));

impl Div for Real {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        divide();
        Self(self.0 / other.0)
    }
}

impl Number for Real {
    fn of(value: f32) -> Self {
        Self(value)
    }
    fn value(self) -> f32 {
        self.0
    }
    fn abs(self) -> Self {
        compare();
        Self(self.0.abs())
    }
    fn larger(self, other: Self) -> Self {
        compare();
        Self(Number::larger(self.0, other.0))
    }
    fn smaller(self, other: Self) -> Self {
        compare();
        Self(Number::smaller(self.0, other.0))
    }
    fn sqrt(self) -> Self {
        root();
        Self(Number::sqrt(self.0))
    }
    fn ln(self) -> Self {
        log();
        Self(Number::ln(self.0))
    }
    fn ln_1p(self) -> Self {
        log();
        Self(Number::ln_1p(self.0))
    }
    fn exp(self) -> Self {
        exp();
        Self(Number::exp(self.0))
    }
    fn exp_m1(self) -> Self {
        exp();
        Self(Number::exp_m1(self.0))
    }
}

impl Whole for Integer {
    fn of(value: i64) -> Self {
        Self(value)
    }
    fn value(self) -> i64 {
        self.0
    }
    fn abs(self) -> Self {
        compare();
        Self(Whole::abs(self.0))
    }
    fn larger(self, other: Self) -> Self {
        compare();
        Self(Whole::larger(self.0, other.0))
    }
    fn smaller(self, other: Self) -> Self {
        compare();
        Self(Whole::smaller(self.0, other.0))
    }
    fn shl(self, bits: u32) -> Self {
        shift();
        Self(Whole::shl(self.0, bits))
    }
    fn shr_rounded(self, bits: u32) -> Self {
        add();
        shift();
        Self(Whole::shr_rounded(self.0, bits))
    }
    fn over(self, divisor: Self) -> Self {
        add();
        shift();
        divide();
        Self(Whole::over(self.0, divisor.0))
    }
    fn root(self) -> Self {
        root();
        Self(Whole::root(self.0))
    }
}

// What the Fourier transform asks of a number. A change of sign counts as an addition.

impl Neg for Real {
    type Output = Self;
    fn neg(self) -> Self {
        add();
        Self(-self.0)
    }
}
impl Rem for Real {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        divide();
        Self(self.0 % other.0)
    }
}
impl Zero for Real {
    fn zero() -> Self {
        Self(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}
impl One for Real {
    fn one() -> Self {
        Self(1.0)
    }
}
impl Num for Real {
    type FromStrRadixErr = <f32 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f32::from_str_radix(text, radix).map(Self)
    }
}
impl Signed for Real {
    fn abs(&self) -> Self {
        compare();
        Self(self.0.abs())
    }
    fn abs_sub(&self, other: &Self) -> Self {
        add();
        Self((self.0 - other.0).max(0.0))
    }
    fn signum(&self) -> Self {
        Self(self.0.signum())
    }
    fn is_positive(&self) -> bool {
        self.0 > 0.0
    }
    fn is_negative(&self) -> bool {
        self.0 < 0.0
    }
}
impl FromPrimitive for Real {
    fn from_i64(value: i64) -> Option<Self> {
        Some(Self(value as f32))
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(Self(value as f32))
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(Self(value as f32))
    }
}
