//! Everything that can be wrong with bytes from a network.

use thiserror::Error;

/// Why bytes from a network were refused. One variant for each cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// An announce carries more offers than one message may.
    #[error("more than {limit} offers in one announce")]
    TooManyOffers {
        /// How many are allowed.
        limit: usize,
    },
    /// An announce names an event that is none of the protocol's.
    #[error("unknown announce event")]
    UnknownEvent,
    /// A bencoded value is not what the format allows, or not of the kind expected there.
    #[error("malformed bencoding")]
    Bencode,
    /// Bencoded lists or dictionaries lie too deep in each other.
    #[error("bencoded values nested too deeply")]
    BencodeDepth,
    /// The keys of a bencoded dictionary are not in ascending order, or one occurs twice.
    #[error("bencoded dictionary keys out of order")]
    BencodeOrder,
    /// A binary id in JSON is not 20 code points below U+0100.
    #[error("a binary id must be 20 characters from U+0000 to U+00FF")]
    BinaryId,
    /// A block has no bytes.
    #[error("a block without bytes")]
    BlockEmpty,
    /// A block ends beyond what its 32-bit offset can name.
    #[error("a block that ends beyond 4 GiB")]
    BlockOverflow,
    /// A block is longer than one request may ask for.
    #[error("a block of {length} bytes, more than {limit}")]
    BlockTooLong {
        /// Bytes of the block.
        length: u32,
        /// Bytes allowed.
        limit: u32,
    },
    /// An SDP's `type` contradicts the field that holds it.
    #[error("an offer whose type is not offer, or an answer whose type is not answer")]
    DescriptionType,
    /// An id in hexadecimal is not 40 digits.
    #[error("an id in hexadecimal must be 40 digits")]
    HexId,
    /// An entry of `ice` has no or too many URLs, a scheme that is no STUN or TURN, or a TURN
    /// server without user name and credential.
    #[error(
        "an ice entry needs 1 to 8 stun: or turn: urls, and turn: needs username and credential"
    )]
    IceServer,
    /// The index is of a version that this program does not read.
    #[error("index version {0} is not known")]
    IndexVersion(u64),
    /// Not JSON, or not of the shape expected.
    #[error("not json of the expected shape, at line {line}, column {column}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Bytes, counted from 1.
        column: usize,
    },
    /// A peer message has a length that its kind cannot have.
    #[error("a message of kind {id} cannot be {length} bytes long")]
    MessageLength {
        /// The message's number (BEP 3).
        id: u8,
        /// Its length prefix.
        length: u32,
    },
    /// A peer message's length prefix is above the limit.
    #[error("a message of {length} bytes, more than {limit}")]
    MessageTooLong {
        /// Its length prefix.
        length: u32,
        /// What its kind may have.
        limit: u32,
    },
    /// A field that must be there is not.
    #[error("field {0} is missing")]
    Missing(&'static str),
    /// The first bytes of a connection are not BitTorrent's handshake.
    #[error("not a bittorrent handshake")]
    NotBitTorrent,
    /// The bytes do not begin with an index part's mark.
    #[error("not an index part")]
    NotPart,
    /// A number does not fit where it stands.
    #[error("a number out of range")]
    NumberRange,
    /// A variable-length number is longer than it need be.
    #[error("a number not in its shortest form")]
    NumberShape,
    /// The whole is larger than the limit, which is checked before anything is read.
    #[error("more than {limit} bytes")]
    Oversized {
        /// Bytes allowed.
        limit: usize,
    },
    /// An index part claims more segments, or later ones, than a part can hold.
    #[error("an index part holds 1 to 64 segments, none beyond the last sequence number")]
    PartCount,
    /// An index gives a track a number of segments for each part that is not allowed.
    #[error("part_segments must be from 1 to 64, and 1 when live")]
    PartSegments,
    /// An index part is of a version that this program does not read.
    #[error("index part version {0} is not known")]
    PartVersion(u8),
    /// An index has pieces of another length than 65,536 bytes.
    #[error("piece_length must be 65536")]
    PieceLength,
    /// Ranges are empty, out of order, or touch.
    #[error("ranges must be ascending, apart and within 32 bits")]
    Ranges,
    /// An SDP is longer than any browser's.
    #[error("an sdp of more than {limit} bytes")]
    SdpTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// An index's stride is not a power of two, or too large.
    #[error("stride must be a power of two, at most 65536")]
    Stride,
    /// A text is not UTF-8.
    #[error("a text is not utf-8")]
    Text,
    /// A text is longer than its limit.
    #[error("a text of more than {limit} bytes")]
    TextTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// A list has more entries than its limit.
    #[error("more than {limit} entries")]
    TooMany {
        /// Entries allowed.
        limit: usize,
    },
    /// An index has no track, or more than 64.
    #[error("an index has 1 to 64 tracks")]
    TrackCount,
    /// A tracker's address is neither relative nor `ws:` or `wss:`.
    #[error("a tracker must be a relative url or begin with ws: or wss:")]
    TrackerUrl,
    /// Bytes follow where the value has ended.
    #[error("bytes behind the end")]
    Trailing,
    /// The bytes end before the value does.
    #[error("the bytes end too early")]
    Truncated,
    /// A tracker message is of a kind that is not known.
    #[error("unknown tracker action")]
    UnknownAction,
    /// A message of our extension is of a kind that is not known.
    #[error("unknown kind {0} of the shoal extension")]
    UnknownKind(u8),
    /// A URL is empty, too long, or holds control characters.
    #[error("a url must have 1 to 2048 characters, none of them control characters")]
    Url,
}
