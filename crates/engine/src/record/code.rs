//! How values become bytes, and tables from which both directions are made.
//!
//! A text has no code of its own, so that none gets into a recording unseen: a field that holds one
//! names the module (`as …`) that makes it harmless.

use core::time::Duration;

use shoal_wire::varint;

use super::error::RecordError;
use crate::time::Time;

pub(super) trait Write {
    fn write(&self, out: &mut Vec<u8>);
}

pub(super) trait Read: Sized {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError>;
}

/// Cuts `N` bytes off the front.
pub(super) fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], RecordError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(RecordError::Truncated)?;
    *input = rest;
    Ok(*bytes)
}

/// Cuts one byte off the front.
pub(super) fn take_byte(input: &mut &[u8]) -> Result<u8, RecordError> {
    take(input).map(|[byte]| byte)
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {
        $(impl Write for $number {
            fn write(&self, out: &mut Vec<u8>) {
                varint::write(*self as u64, out);
            }
        }

        impl Read for $number {
            fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
                Self::try_from(varint::read(input)?).map_err(|_| RecordError::Number)
            }
        })*
    };
}

whole_numbers!(u16 u32 u64 usize);

impl Write for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Read for f64 {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        take(input).map(Self::from_le_bytes)
    }
}

impl Write for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl Read for bool {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        match take_byte(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Number),
        }
    }
}

/// To the nanosecond: what the player says comes in fractions of a second.
impl Write for Duration {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_secs().write(out);
        self.subsec_nanos().write(out);
    }
}

impl Read for Duration {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        let (seconds, nanos) = (u64::read(input)?, u32::read(input)?);
        if nanos >= 1_000_000_000 {
            return Err(RecordError::Number);
        }
        Ok(Self::new(seconds, nanos))
    }
}

impl Write for Time {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

impl<const N: usize> Write for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Read for [u8; N] {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        take(input)
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        bool::read(input)?.then(|| T::read(input)).transpose()
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        for item in self {
            item.write(out);
        }
    }
}

/// Grows with the bytes that are really there, not with what the count claims.
impl<T: Read> Read for Vec<T> {
    fn read(input: &mut &[u8]) -> Result<Self, RecordError> {
        let count = usize::read(input)?;
        let mut items = Self::new();
        for _ in 0..count {
            items.push(T::read(input)?);
        }
        Ok(items)
    }
}

/// Writes a field by its own code, or by that of a module.
macro_rules! put {
    ($out:ident, $field:ident) => {
        crate::record::code::Write::write($field, $out)
    };
    ($out:ident, $field:ident $module:ident) => {
        $module::write($field, $out)
    };
}

/// Reads what [`put!`] has written.
macro_rules! get {
    ($input:ident) => {
        crate::record::code::Read::read($input)?
    };
    ($input:ident $module:ident) => {
        $module::read($input)?
    };
}

/// Makes `Write` of tables: the fields of structs in their order, the variants of enums by their
/// numbers. What is missing from a table, or has been added to its type, does not compile.
macro_rules! writes {
    () => {};
    (
        struct $name:ident $(($item:ident))? $({ $($field:ident),* })?;
        $($more:tt)*
    ) => {
        impl crate::record::code::Write for $name {
            fn write(&self, out: &mut Vec<u8>) {
                let Self $(($item))? $({ $($field),* })? = self;
                $(put!(out, $item);)?
                $($(put!(out, $field);)*)?
            }
        }
        writes!($($more)*);
    };
    (
        enum $name:ident {
            $($number:literal $variant:ident
                $(($($item:ident $(as $code:ident)?),*))?
                $({ $($field:ident $(as $module:ident)?),* })?;)*
        }
        $($more:tt)*
    ) => {
        impl crate::record::code::Write for $name {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($item),*))? $({ $($field),* })? => {
                        out.push($number);
                        $($(put!(out, $item $($code)?);)*)?
                        $($(put!(out, $field $($module)?);)*)?
                    })*
                }
            }
        }
        writes!($($more)*);
    };
}

/// Makes `Read` of the same tables.
macro_rules! reads {
    () => {};
    (
        struct $name:ident $(($item:ident))? $({ $($field:ident),* })?;
        $($more:tt)*
    ) => {
        impl crate::record::code::Read for $name {
            fn read(input: &mut &[u8]) -> Result<Self, crate::record::RecordError> {
                $(let $item = get!(input);)?
                $($(let $field = get!(input);)*)?
                Ok(Self $(($item))? $({ $($field),* })?)
            }
        }
        reads!($($more)*);
    };
    (
        enum $name:ident {
            $($number:literal $variant:ident
                $(($($item:ident $(as $code:ident)?),*))?
                $({ $($field:ident $(as $module:ident)?),* })?;)*
        }
        $($more:tt)*
    ) => {
        impl crate::record::code::Read for $name {
            fn read(input: &mut &[u8]) -> Result<Self, crate::record::RecordError> {
                Ok(match crate::record::code::take_byte(input)? {
                    $($number => {
                        $($(let $item = get!(input $($code)?);)*)?
                        $($(let $field = get!(input $($module)?);)*)?
                        Self::$variant $(($($item),*))? $({ $($field),* })?
                    })*
                    number => {
                        let kind = stringify!($name);
                        return Err(crate::record::RecordError::Unknown { kind, number });
                    }
                })
            }
        }
        reads!($($more)*);
    };
}

pub(super) use {get, put, reads, writes};
