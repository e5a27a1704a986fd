//! Structs of the model that take their numbers from a table of [`crate::metrics`].

use super::Sequence;
use crate::metrics::Field;

/// A number that a struct of the model has: what it is, and how its value is found.
#[derive(Clone, Copy, Debug)]
pub struct Metric<T> {
    /// Name, title, unit, meaning, and how it moves.
    pub field: Field,
    /// Its value; `None` where the kernel did not give it.
    pub value: fn(&T) -> Option<u64>,
}

impl<T> Metric<T> {
    /// Its value, as precise as a float can say it.
    pub fn float(&self, of: &T) -> Option<f64> {
        (self.value)(of).map(|value| value as f64)
    }
}

/// A type that a number of the kernel can have in the model.
pub(super) trait Number: Copy {
    /// The kernel's value; `None` where it does not fit.
    fn from_kernel(value: u64) -> Option<Self>;

    /// As a number again.
    fn to_number(self) -> u64;
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Number for $type {
            fn from_kernel(value: u64) -> Option<Self> {
                value.try_into().ok()
            }

            fn to_number(self) -> u64 {
                self.into()
            }
        })*
    };
}

numbers!(u8 u16 u32 u64);

impl Number for bool {
    fn from_kernel(value: u64) -> Option<Self> {
        Some(value != 0)
    }

    fn to_number(self) -> u64 {
        self.into()
    }
}

impl Number for Sequence {
    fn from_kernel(value: u64) -> Option<Self> {
        Some(Self(value))
    }

    fn to_number(self) -> u64 {
        self.0
    }
}

/// Makes a struct of fields of its own, one for each row of a table, and more of its own.
macro_rules! with_numbers {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$attribute:meta])* pub $own:ident: $own_type:ty,)*
        }
        $(#[doc = $meaning:literal] $field:ident: $type:ident $row:tt)*
        last {
            $($(#[$last_attribute:meta])* pub $last:ident: $last_type:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$attribute])* pub $own: $own_type,)*
            $(#[doc = $meaning] pub $field: Option<$type>,)*
            $($(#[$last_attribute])* pub $last: $last_type,)*
        }

        impl $name {
            /// Takes the numbers that the kernel knows out of the bytes of its struct.
            fn read_numbers(&mut self, bytes: &[u8], context: $crate::metrics::Context) {
                use $crate::model::metric::Number;
                $({
                    const FIELD: $crate::metrics::Field = $crate::metrics::field!($field, $meaning, $row);
                    self.$field = FIELD.read(bytes, context).and_then(Number::from_kernel);
                })*
            }
        }
    };
}

/// A row of a table as a [`Metric`] of a struct, which has it there.
macro_rules! metric {
    ($field:ident, $meaning:literal, $row:tt, $($there:ident).+) => {
        $crate::model::Metric {
            field: $crate::metrics::field!($field, $meaning, $row),
            value: |of: &Self| of.$($there).+.map($crate::model::metric::Number::to_number),
        }
    };
}

pub(super) use metric;
pub(super) use with_numbers;
