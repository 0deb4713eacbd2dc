//! JSON, of which messages and the index are made. Reading and writing are our own: those that
//! build values of any shape cost every viewer some twenty kilobytes of WebAssembly.

mod number;
mod scan;
mod text;
mod value;
mod write;

pub(crate) use scan::Scan;
pub(crate) use value::Value;
pub(crate) use write::Writer;
#[cfg(test)]
mod tests;
