//! What is the same in every recording.

/// How every recording begins.
pub(super) const MAGIC: [u8; 5] = *b"shoal";

/// To be raised when what is written changes its meaning. What no reader knows is refused anyway:
/// inputs have numbers, bounds have names.
pub(super) const FORMAT: u8 = 2;

/// Stands where the number of an input would.
pub(super) const END: u8 = 0;

/// How a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The last input was never done with: the engine failed in it.
    Broken,
    /// The budget was used up; more has happened since.
    Full,
    /// It was asked for in mid-life.
    Running,
}
